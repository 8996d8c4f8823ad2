#pragma once

// Milstein's method: Euler-Maruyama plus the first iterated integral of the noise.
//
//   Itô           x' = x + h f + g W + 1/2 sum_jk (Dg^k g^j) (W_j W_k - h delta_jk)
//   Stratonovich  the same without "- h delta_jk"
//
// For scalar and diagonal noise the sum is (Dg g)(W^2 - h)/2; for commutative noise the symmetric
// part written above is all there is. General noise needs Lévy areas: MilsteinGeneral.
// The derivative comes from the problem's own member `diffusion_derivative(x, t)` (diagonal noise
// and scalar states: dg_k/dx_k, shaped like g) where it has one, otherwise from dual numbers, for
// which the diffusion must be generic in its number type. Neither at hand: MilsteinDerivativeFree.
// Source: Milstein 1974; Kloeden and Platen 1992, eqs. (10.3.1), (10.3.16).

#include <type_traits>

#include "stochflow/derivative.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct Milstein {
  static constexpr MethodFacts facts{
      .name = "Milstein",
      .reference = "Kloeden and Platen 1992, eqs. (10.3.1), (10.3.16)",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    // W_j W_k loses its mean h in Itô's calculus only.
    const double c = P::calculus == Calculus::ito ? h : 0.0;
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X euler = x + h * f + gW;
    if constexpr (P::noise == Noise::additive) {
      return euler;
    } else if constexpr (requires { sde.diffusion_derivative(x, t); }) {
      const X g = detail::shaped_like(x, sde.diffusion(x, t));
      const X slope = detail::shaped_like(x, sde.diffusion_derivative(x, t));
      return euler + 0.5 * (slope * g) * (dB.W * dB.W - c);
    } else {
      static_assert(DualDiffusion<P, X>,
                    "Milstein needs the derivative of the diffusion: give the problem a member "
                    "diffusion_derivative(x, t), or write the diffusion generic in its number type "
                    "(const auto& x) so that dual numbers can pass through it, or use "
                    "MilsteinDerivativeFree.");
      using G = std::decay_t<decltype(sde.diffusion(x, t))>;
      if constexpr (MatrixExpression<G>) {
        const auto I = iterated_integrals<P::calculus>(h, dB);
        return euler + detail::milstein_correction(sde, x, t, I);
      } else {
        const X g = detail::shaped_like(x, sde.diffusion(x, t));
        const X slope_g = detail::shaped_like(x, diffusion_derivative_along(sde, x, t, g));
        return euler + 0.5 * slope_g * (dB.W * dB.W - c);
      }
    }
  }
};

}  // namespace stochflow
