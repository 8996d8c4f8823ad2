#pragma once

// Included by the source files of this folder only: see orders.hpp.

#include <algorithm>

#include "convergence/orders.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow::apps {

/// Every method of the catalogue that claims an order on the problem.
template <class P>
std::vector<verify::Candidate<P>> candidates_on(const P& problem) {
  std::vector<verify::Candidate<P>> candidates;
  verify::for_each_type<verify::Methods>([&](auto method) {
    if constexpr (verify::applies<P, decltype(method)>) {
      candidates.push_back(verify::candidate(problem, method));
    }
  });
  return candidates;
}

template <Noise N>
std::vector<MeasurableOrders> orders_with_noise() {
  std::vector<MeasurableOrders> list;
  verify::for_each_type<verify::TestProblems>([&](auto problem) {
    using P = decltype(problem);
    if constexpr (P::noise == N) {
      MeasurableOrders orders{.problem = std::string(P::name), .methods = {}, .measure = {}};
      for (const auto& candidate : candidates_on(problem)) {
        orders.methods.push_back(candidate.method);
      }
      orders.measure = [](const std::vector<std::string>& chosen,
                          const verify::ConvergenceOptions& options) {
        auto candidates = candidates_on(P{});
        std::erase_if(candidates, [&](const auto& candidate) {
          return std::find(chosen.begin(), chosen.end(), candidate.method) == chosen.end();
        });
        return verify::measure(P{}, candidates, options);
      };
      list.push_back(std::move(orders));
    }
  });
  return list;
}

}  // namespace stochflow::apps
