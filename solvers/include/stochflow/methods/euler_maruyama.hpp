#pragma once

// Euler-Maruyama: x' = x + h f + g W.
//
// Takes any noise. The method to start with and to compare with; with g that depends on x its
// pathwise error falls only like the square root of the step, so prefer Milstein for diagonal
// noise. One drift and one diffusion evaluation a step.
// Source: Maruyama 1955; Kloeden and Platen 1992, eq. (10.2.4).

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct EulerMaruyama {
  static constexpr MethodFacts facts{
      .name = "EulerMaruyama",
      .reference = "Kloeden and Platen 1992, eq. (10.2.4)",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    return x + h * f + gW;
  }
};

}  // namespace stochflow
