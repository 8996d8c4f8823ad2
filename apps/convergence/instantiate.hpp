#pragma once

// Included by the source files of this folder only: see pairs.hpp.

#include "convergence/pairs.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow::apps {

template <Noise N>
std::vector<Pair> pairs_with_noise() {
  std::vector<Pair> pairs;
  verify::for_each_type<verify::TestProblems>([&](auto problem) {
    using P = decltype(problem);
    if constexpr (P::noise == N) {
      verify::for_each_type<verify::Methods>([&](auto method) {
        using M = decltype(method);
        if constexpr (verify::applies<P, M>) {
          pairs.push_back({std::string(P::name),
                           std::string(M::facts.name),
                           [](const verify::ConvergenceOptions& options) {
                             return verify::measure(P{}, M{}, options);
                           }});
        }
      });
    }
  });
  return pairs;
}

}  // namespace stochflow::apps
