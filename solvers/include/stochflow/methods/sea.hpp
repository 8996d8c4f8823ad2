#pragma once

// SEA, the shifted Euler method for additive noise: one evaluation of the drift, at a point moved
// by the space-time area, gives strong order 1 with a much smaller error than Euler-Maruyama.
//
//   x' = x + h f(x + (1/2 W + H) g(t), t + h/2) + g W,   g W to second order in time
//
// Source: Foster, dos Reis and Strange, arXiv 2210.17543, section 5; the correction
// (g(t+h) - g(t)) (W/2 - H) keeps the order for noise that depends on time.

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SEA {
  static constexpr MethodFacts facts{.name = "SEA",
                                     .reference = "Foster, dos Reis and Strange 2022, section 5",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1},
                                     .weak = {.additive = 1},
                                     .drift_evaluations = 1,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    const X shift = noise_term(sde, x, t, V(0.5 * dB.W + dB.H));
    const X f = sde.drift(X(x + shift), t + 0.5 * h);
    const X end = noise_term(sde, x, t + h, V(0.5 * dB.W - dB.H));
    return x + h * f + shift + end;
  }
};

}  // namespace stochflow
