#pragma once

// Milstein's method without the Levy areas that it would need for general noise,
//
//   x' = x + h f + g W + sum_jk (Dg^k g^j) (W_j W_k - h delta_jk) / 2,
//
// for `multilevel`, which runs it in antithetic pairs: a level's fine trajectory has a twin whose
// increments are exchanged within each coarse step. The areas that are left out have opposite signs
// in the two, so that their average is within O(h) of the coarse trajectory: the variance of the
// levels falls like h^2 for smooth payoffs and h^1.5 for those with a kink, as for strong order 1,
// and not like h. On its own it is a method of strong order 1/2 like EulerMaruyama, which is
// cheaper. Derivatives are taken by differences (MilsteinDerivativeFree), so that packs pass
// through. Source: Giles and Szpruch, "Antithetic multilevel Monte Carlo estimation for
// multi-dimensional SDEs without Levy area simulation", Ann. Appl. Probab. 24 (2014), section 3.

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/noise/increments.hpp"

namespace stochflow {

struct AntitheticMilstein {
  static constexpr MethodFacts facts{
      .name = "AntitheticMilstein",
      .reference = "Giles and Szpruch 2014, eq. (3.1)",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 3};
  /// Asks `multilevel` for the twin.
  static constexpr bool exchanges_halves = true;

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return MilsteinDerivativeFree{}.step(sde, x, t, h, dB);
  }
};

}  // namespace stochflow
