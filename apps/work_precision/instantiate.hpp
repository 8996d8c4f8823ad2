#pragma once

// Included by the source files of this folder only: see adaptive.hpp.

#include "stochflow/verify/catalogue.hpp"
#include "work_precision/adaptive.hpp"

namespace stochflow::apps {

/// Methods with an error estimate of their own, and the usual ones by step doubling.
using AdaptiveMethods = std::tuple<SRIW1,
                                   SRIW2,
                                   SOSRI,
                                   SOSRI2,
                                   SRA1,
                                   SRA2,
                                   SRA3,
                                   SOSRA,
                                   SOSRA2,
                                   KenCarpSRA,
                                   SPaRK,
                                   ReversibleHeun,
                                   StepDoubling<MilsteinDerivativeFree>,
                                   StepDoubling<Heun>,
                                   StepDoubling<ShARK>>;

template <class M>
inline constexpr bool doubles_steps = false;
template <class M>
inline constexpr bool doubles_steps<StepDoubling<M>> = true;

template <Noise N>
std::vector<AdaptiveRun> adaptive_runs_with_noise() {
  std::vector<AdaptiveRun> runs;
  verify::for_each_type<verify::TestProblems>([&](auto problem) {
    using P = decltype(problem);
    if constexpr (P::noise == N) {
      verify::for_each_type<AdaptiveMethods>([&](auto method) {
        using M = decltype(method);
        if constexpr (verify::applies<P, M>) {
          runs.push_back({std::string(P::name),
                          std::string(name(P::calculus)),
                          std::string(M::facts.name),
                          doubles_steps<M>,
                          [](const std::vector<double>& tolerances,
                             const verify::WorkPrecisionOptions& options) {
                            return verify::adaptive_work_precision(P{}, M{}, tolerances, options);
                          }});
        }
      });
    }
  });
  return runs;
}

}  // namespace stochflow::apps
