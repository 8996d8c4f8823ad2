#pragma once

// Split-step Euler-Maruyama: the drift first, then the noise from where the drift has led.
//
//   k  = x + h f(x, t)
//   x' = k + g(k, t) W
//
// For Itô equations; the orders are those of EulerMaruyama at the same cost. Worth a try where the
// drift keeps the state in a domain outside of which g makes no sense, and for noise that grows
// with the state, where it damps before it excites. For a stiff drift take the split-step backward
// Euler method.
// Source: Lie splitting; the explicit form of Higham, Mao and Stuart 2002, eqs. (3.8), (3.9).

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SplitStepEulerMaruyama {
  static constexpr MethodFacts facts{
      .name = "SplitStepEulerMaruyama",
      .reference = "Lie splitting; after Higham, Mao and Stuart 2002",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X k = x + h * sde.drift(x, t);
    return k + noise_term(sde, k, t, dB.W);
  }
};

}  // namespace stochflow
