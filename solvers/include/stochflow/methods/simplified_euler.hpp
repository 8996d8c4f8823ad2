#pragma once

// The simplified weak Euler scheme: Euler-Maruyama with +-sqrt(h) in place of the increment.
//
//   x' = x + h f + g w,   w_k = +-sqrt(h)
//
// Takes any Itô noise. For expectations only: of weak order 1 like Euler-Maruyama, at one random
// bit a component instead of a normal. Combine two step sizes by `extrapolated_mean` for order 2;
// for paths take EulerMaruyama. Source: Kloeden and Platen 1992, eq. (14.1.2).

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SimplifiedEuler {
  static constexpr MethodFacts facts{
      .name = "SimplifiedEuler",
      .reference = "Kloeden and Platen 1992, eq. (14.1.2)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1,
      .needs = NoiseInput::two_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const TwoPointIncrement<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    return x + h * f + gW;
  }
};

}  // namespace stochflow
