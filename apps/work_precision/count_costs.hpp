#pragma once

// Included by costs_of_*.cpp only: see costs.hpp.

#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/work_precision.hpp"
#include "work_precision/costs.hpp"

namespace stochflow::apps {

/// Problems whose state is a number, or the others.
template <bool numbers>
std::vector<StepCost> count_step_costs() {
  std::vector<StepCost> costs;
  verify::for_each_type<verify::TestProblems>([&](auto problem) {
    using P = decltype(problem);
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(P::x0())>> == numbers) {
      verify::for_each_type<verify::Methods>([&](auto method) {
        using M = decltype(method);
        if constexpr (verify::applies<P, M> && M::facts.strong[P::noise] > 0) {
          costs.push_back({std::string(P::name),
                           std::string(name(P::calculus)),
                           std::string(M::facts.name),
                           verify::evaluations_per_step(P{}, M{})});
        }
      });
    }
  });
  return costs;
}

}  // namespace stochflow::apps
