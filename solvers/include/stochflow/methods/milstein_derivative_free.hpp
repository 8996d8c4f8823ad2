#pragma once

// Milstein's method with the derivative of the diffusion replaced by a difference along g:
//
//   k  = x + h f + sqrt(h) g
//   x' = x + h f + g W + (g(k, t) - g(x, t)) (W^2 - h) / (2 sqrt(h))       (Itô)
//   Stratonovich: k without h f, and W^2 in place of W^2 - h.
//
// Scalar and diagonal noise. Use it when the diffusion cannot be differentiated (a table, a
// network, a tensor); otherwise Milstein has the smaller error constant. One drift and two
// diffusion evaluations a step. Source: Platen; Kloeden and Platen 1992, eqs. (11.1.3), (11.1.7).

#include <cmath>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct MilsteinDerivativeFree {
  static constexpr MethodFacts facts{
      .name = "MilsteinDerivativeFree",
      .reference = "Kloeden and Platen 1992, eqs. (11.1.3), (11.1.7)",
      .solves_ito = true,
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X euler = x + h * f + gW;
    if constexpr (P::noise == Noise::additive) {
      return euler;
    } else {
      const double root_h = std::sqrt(h);
      const X g = sde.diffusion(x, t);
      if constexpr (P::calculus == Calculus::ito) {
        const X k = x + h * f + root_h * g;
        const X g_k = sde.diffusion(k, t);
        return euler + (g_k - g) * (dB.W * dB.W - h) * (0.5 / root_h);
      } else {
        const X k = x + root_h * g;
        const X g_k = sde.diffusion(k, t);
        return euler + (g_k - g) * (dB.W * dB.W) * (0.5 / root_h);
      }
    }
  }
};

}  // namespace stochflow
