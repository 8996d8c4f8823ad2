#pragma once

// The explicit midpoint rule for Stratonovich equations:
//
//   p  = x + h/2 f(x, t) + 1/2 g(x, t) W
//   x' = x + h f(p, t + h/2) + g(p, t + h/2) W
//
// As good as Heun on paths and, with additive noise, one order less in law; it never evaluates at
// the end of the step. Two evaluations of each coefficient a step.
// Source: Kloeden and Platen 1992, section 4.9 and exercise 12.

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct Midpoint {
  static constexpr MethodFacts facts{
      .name = "Midpoint",
      .reference = "Kloeden and Platen 1992, section 4.9",
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    const X p = x + (0.5 * h) * f + 0.5 * gW;
    const X f_p = sde.drift(p, t + 0.5 * h);
    const X gW_p = noise_term(sde, p, t + 0.5 * h, dB.W);
    return x + h * f_p + gW_p;
  }
};

}  // namespace stochflow
