#pragma once

// Milstein's method with an implicit drift: the noise of Milstein, the drift of ThetaEuler.
//
//   x' = x + h ((1 - theta) f(x, t) + theta f(x', t + h)) + g W + 1/2 sum_jk (Dg^k g^j) I_jk
//
// For stiff drifts when paths matter or steps adapt (StepDoubling<ImplicitMilstein>): strong order
// 1 for scalar, diagonal and commutative noise in either calculus. The correction term costs
// stability: with large g'(x) theta = 1 still leaves a bound on the step (see the test).
// Derivatives of g as for Milstein, of f as for ThetaEuler. Source: Kloeden and Platen 1992,
// section 12.2; Higham, J. Comput. Appl. Math. 128 (2001).

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/stiff/noise_only.hpp"
#include "stochflow/methods/theta_euler.hpp"

namespace stochflow {

struct ImplicitMilstein {
  double theta = 1;  // weight of the new state, in [0, 1]

  static constexpr MethodFacts facts{
      .name = "ImplicitMilstein",
      .reference = "Kloeden and Platen 1992, section 12.2",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2};

  /// The step, and whether its equation could be solved.
  template <class P, class X, class V>
  Attempt<X> attempt(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X with_noise = Milstein{}.step(detail::NoiseOnly<P>{sde}, x, t, h, dB);
    return detail::theta_drift(sde, x, t, h, with_noise, theta);
  }
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return attempt(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
