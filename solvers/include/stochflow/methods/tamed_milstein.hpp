#pragma once

// Tamed Milstein: the drift of TamedEuler with the noise of Milstein,
//
//   x' = x + h f / (1 + (h |f|)^p)^(1/p) + g W + 1/2 sum_jk (Dg^k g^j) I_jk
//
// Strong order 1 for super-linear drifts with scalar, diagonal or commutative noise, in either
// calculus, at the cost of Milstein. Derivatives of g as for Milstein.
// Source: Wang and Gan, J. Difference Equ. Appl. 19 (2013).

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/stiff/noise_only.hpp"
#include "stochflow/methods/tamed_euler.hpp"

namespace stochflow {

struct TamedMilstein {
  double power = 2;  // at least 1; see TamedEuler

  static constexpr MethodFacts facts{
      .name = "TamedMilstein",
      .reference = "Wang and Gan 2013",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    return Milstein{}.step(detail::NoiseOnly<P>{sde}, x, t, h, dB) + detail::tamed(f, h, power);
  }
};

}  // namespace stochflow
