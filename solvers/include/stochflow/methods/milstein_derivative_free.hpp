#pragma once

// Milstein's method with the derivative of the diffusion replaced by a difference along g:
//
//   Itô            k  = x + h f + sqrt(h) g
//                  x' = x + h f + g W + (g(k, t) - g(x, t)) (W^2 - h) / (2 sqrt(h))
//   Stratonovich   k+- = x +- sqrt(h) g
//                  x' = x + h f + g W + (g(k+, t) - g(k-, t)) W^2 / (4 sqrt(h))
//
// For scalar and diagonal noise; for a diffusion matrix, whose columns must commute, the same along
// each column g^j with the weights (W_j W_k - h delta_jk)/2 (Stratonovich: W_j W_k / 2). Use it
// when the diffusion cannot be differentiated (a table, a network, a tensor); otherwise Milstein
// has the smaller error constant. One drift evaluation a step and two (Itô) or three (Stratonovich)
// of the diffusion, for a matrix 1 + M or 1 + 2 M. General noise: MilsteinGeneralDerivativeFree.
//
// The Stratonovich form must be central. With the one-sided difference, as several libraries have
// it, the second-order remainder g'' g^2 sqrt(h)/2 meets W^2, whose mean is h: a bias of h^(3/2) a
// step and strong order 1/2 only. (In the Itô form W^2 - h has mean zero, and one side will do.)
// Source: Platen; Kloeden and Platen 1992, eqs. (11.1.3), (11.1.7).

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct MilsteinDerivativeFree {
  static constexpr MethodFacts facts{
      .name = "MilsteinDerivativeFree",
      .reference = "Kloeden and Platen 1992, eqs. (11.1.3), (11.1.7)",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 3};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X euler = x + h * f + gW;
    if constexpr (P::noise == Noise::additive) {
      return euler;
    } else if constexpr (MatrixExpression<std::decay_t<decltype(sde.diffusion(x, t))>>) {
      const auto I = iterated_integrals<P::calculus>(h, dB);
      return euler + detail::milstein_difference(sde, x, f, t, h, I);
    } else {
      const double root_h = detail::root(h);
      const X g = sde.diffusion(x, t);
      if constexpr (P::calculus == Calculus::ito) {
        const X k = x + h * f + root_h * g;
        const X g_k = sde.diffusion(k, t);
        return euler + (g_k - g) * (dB.W * dB.W - h) * (0.5 / root_h);
      } else {
        const X k_plus = x + root_h * g;
        const X k_minus = x - root_h * g;
        const X difference = sde.diffusion(k_plus, t) - sde.diffusion(k_minus, t);
        return euler + difference * (dB.W * dB.W) * (0.25 / root_h);
      }
    }
  }
};

}  // namespace stochflow
