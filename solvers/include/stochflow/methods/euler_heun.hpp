#pragma once

// Euler-Heun: Euler's drift and a trapezoidal noise, for Stratonovich equations.
//
//   p  = x + g(x, t) W
//   x' = x + h f(x, t) + 1/2 (g(x, t) + g(p, t+h)) W
//
// One drift evaluation less than Heun; take it where the drift is expensive.
// Source: Kloeden and Platen 1992, section 4.9; Roberts 2012, arXiv 1210.0933.

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct EulerHeun {
  static constexpr MethodFacts facts{
      .name = "EulerHeun",
      .reference = "Kloeden and Platen 1992, section 4.9",
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X p = x + gW;
    const X gW_p = noise_term(sde, p, t + h, dB.W);
    return x + h * f + 0.5 * (gW + gW_p);
  }
};

}  // namespace stochflow
