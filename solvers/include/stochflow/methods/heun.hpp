#pragma once

// Stochastic Heun: a trapezoidal predictor-corrector in Stratonovich's sense.
//
//   p  = x + h f(x, t) + g(x, t) W
//   x' = x + h/2 (f(x, t) + f(p, t+h)) + 1/2 (g(x, t) + g(p, t+h)) W
//
// The default for Stratonovich equations, and for additive noise in either calculus, where it is of
// weak order 2. An Itô equation with other noise must be converted first. Two drift and two
// diffusion evaluations a step.
// Source: Kloeden and Platen 1992, section 15.1 (additive) and Rümelin 1982 (Stratonovich).

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct Heun {
  static constexpr MethodFacts facts{
      .name = "Heun",
      .reference = "Ruemelin 1982; Kloeden and Platen 1992, section 15.1",
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 2, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X p = x + h * f + gW;
    const X f_p = sde.drift(p, t + h);
    const X gW_p = noise_term(sde, p, t + h, dB.W);
    return x + (0.5 * h) * (f + f_p) + 0.5 * (gW + gW_p);
  }
};

}  // namespace stochflow
