#pragma once

// ShARK, the shifted additive-noise Runge-Kutta method: order 1.5 in two drift evaluations a step,
// with a smaller error than SRA1.
//
//   z1 = x + H g,   z2 = x + 5/6 h f(z1, t) + (5/6 W + H) g
//   x' = x + h (2/5 f(z1, t) + 3/5 f(z2, t + 5h/6)) + int g dW
//
// with int g dW = g(t) (W/2 + H) + g(t+h) (W/2 - H), which keeps the order for noise that depends
// on time. Source: Foster, dos Reis and Strange, arXiv 2210.17543, eq. (6.1).

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ShARK {
  static constexpr MethodFacts facts{.name = "ShARK",
                                     .reference = "Foster, dos Reis and Strange 2022, eq. (6.1)",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    const X gH = noise_term(sde, x, t, dB.H);
    const X gW = noise_term(sde, x, t, dB.W);
    const X f1 = sde.drift(X(x + gH), t);
    const X f2 = sde.drift(X(x + (5.0 / 6 * h) * f1 + (5.0 / 6) * gW + gH), t + 5.0 / 6 * h);
    const X end = noise_term(sde, x, t + h, V(0.5 * dB.W - dB.H));
    return x + (0.4 * h) * f1 + (0.6 * h) * f2 + 0.5 * gW + gH + end;
  }
};

}  // namespace stochflow
