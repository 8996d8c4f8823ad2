#pragma once

// SMEA: weak order 2 and strong order 1 for Itô equations with scalar, diagonal or additive noise;
// its drift part is the modified Euler (midpoint) method. Two drift and three diffusion evaluations
// a step, and one normal. The formula is in tocino.hpp. For other noise take W2Ito2.
// Source: Tocino and Vigo-Aguiar, SIAM J. Sci. Comput. 24 (2002), 507-523.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/tocino.hpp"
#include "stochflow/noise/increments.hpp"

namespace stochflow {

struct SMEA {
  static constexpr weak::TocinoCoefficients coefficients{
      .alpha1 = 0,
      .alpha2 = 1,
      .lambda = 0.5,
      .mu = 0.5,
      .nu1 = -0.11237243569579452,  // (2 - sqrt 6)/4
      .nu2 = 0.20412414523193151,   // sqrt 6/12
  };

  static constexpr MethodFacts facts{.name = "SMEA",
                                     .reference = "Tocino and Vigo-Aguiar 2002 (SMEA)",
                                     .solves_ito = true,
                                     .strong = {.additive = 1, .scalar = 1, .diagonal = 1},
                                     .weak = {.additive = 2, .scalar = 2, .diagonal = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 3};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return weak::tocino_step<coefficients>(sde, x, t, h, dB);
  }
};

}  // namespace stochflow
