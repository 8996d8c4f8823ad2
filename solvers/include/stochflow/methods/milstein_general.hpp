#pragma once

// Milstein's method for every noise: strong order 1 where the columns of the diffusion do not
// commute, at the price of Lévy areas.
//
//   x' = x + h f + g W + sum_jk (Dg^k g^j) I_jk,   I_jk = int W^j dW^k  in the problem's calculus
//
// The derivative comes from dual numbers, for which the diffusion must be generic in its number
// type; where it cannot be, take MilsteinGeneralDerivativeFree, or SRI2 and SRS2, which are second
// order in the drift as well. For scalar, diagonal and commutative noise Milstein needs no areas.
// For expectations areas are wasted: take EulerMaruyama or Heun.
// Source: Milstein 1974; Kloeden and Platen 1992, eqs. (10.3.3), (10.4.6).

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct MilsteinGeneral {
  static constexpr MethodFacts facts{
      .name = "MilsteinGeneral",
      .reference = "Kloeden and Platen 1992, eqs. (10.3.3), (10.4.6)",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.commutative = 1, .general = 1},
      .weak = {.commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2,
      .needs = NoiseInput::WA};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const AreaIncrement<V>& dB) const {
    if constexpr (detail::has_diffusion_matrix<P, X>()) {
      const X f = sde.drift(x, t);
      const X gW = noise_term(sde, x, t, dB.W);
      const auto I = iterated_integrals<P::calculus>(h, dB);
      return x + h * f + gW + detail::milstein_correction(sde, x, t, I);
    } else {
      return Milstein{}.step(sde, x, t, h, Increment<V>{dB.W});
    }
  }
};

}  // namespace stochflow
