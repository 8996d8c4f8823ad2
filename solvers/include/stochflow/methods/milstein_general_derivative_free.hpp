#pragma once

// Milstein's method for every noise with differences in place of derivatives: for a diffusion that
// cannot be differentiated (a table, a network). Strong order 1 with Lévy areas, for M Brownian
// motions,
//
//   Itô            k_j  = x + h f + sqrt(h) g^j
//                  x'   = x + h f + g W + sum_j (g(k_j, t) - g(x, t)) I_j. / sqrt(h)
//   Stratonovich   k_j+- = x +- sqrt(h) g^j
//                  x'   = x + h f + g W + sum_j (g(k_j+, t) - g(k_j-, t)) I_j. / (2 sqrt(h))
//
// where I_j. is the row of the iterated integrals int W^j dW^k. One drift evaluation a step, and of
// the diffusion 1 + M (Itô) or 1 + 2 M (Stratonovich). Where the diffusion takes dual numbers
// MilsteinGeneral has the smaller error constant; SRI2 and SRS2 are second order in the drift.
// Source: Kloeden and Platen 1992, section 11.1; Kastner and Roessler 2023, arXiv 2201.08424.

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct MilsteinGeneralDerivativeFree {
  static constexpr MethodFacts facts{
      .name = "MilsteinGeneralDerivativeFree",
      .reference = "Kloeden and Platen 1992, section 11.1; Kastner and Roessler 2023",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.commutative = 1, .general = 1},
      .weak = {.commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::WA};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const AreaIncrement<V>& dB) const {
    if constexpr (detail::has_diffusion_matrix<P, X>()) {
      const X f = sde.drift(x, t);
      const X gW = noise_term(sde, x, t, dB.W);
      const auto I = iterated_integrals<P::calculus>(h, dB);
      return x + h * f + gW + detail::milstein_difference(sde, x, f, t, h, I);
    } else {
      return MilsteinDerivativeFree{}.step(sde, x, t, h, Increment<V>{dB.W});
    }
  }
};

}  // namespace stochflow
