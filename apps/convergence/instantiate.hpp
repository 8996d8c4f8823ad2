#pragma once

// Included by the source files of this folder only: see errors.hpp.

#include <algorithm>

#include "convergence/errors.hpp"
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
std::vector<MeasurableErrors> errors_with_noise() {
  std::vector<MeasurableErrors> list;
  verify::for_each_type<verify::TestProblems>([&](auto problem) {
    using P = decltype(problem);
    if constexpr (P::noise == N) {
      MeasurableErrors entry{.problem = std::string(P::name), .methods = {}, .measure = {}};
      for (const auto& candidate : candidates_on(problem)) {
        entry.methods.push_back(candidate.method);
      }
      entry.measure = [](const std::vector<std::string>& chosen,
                         const verify::ConvergenceOptions& options) {
        auto candidates = candidates_on(P{});
        std::erase_if(candidates, [&](const auto& candidate) {
          return std::find(chosen.begin(), chosen.end(), candidate.method) == chosen.end();
        });
        return verify::measure_errors(P{}, candidates, options);
      };
      list.push_back(std::move(entry));
    }
  });
  return list;
}

}  // namespace stochflow::apps
