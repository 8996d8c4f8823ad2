#pragma once

// W2Ito2: weak order 2 for any Itô noise, and the classical Runge-Kutta method of order 4 where
// there is none. The default for expectations of Itô equations. Two signs are enough for any number
// of Brownian motions (I_kk, J_kl as in w2ito1.hpp):
//
//   k1 = f(x, t),  k2 = f(x + h/2 k1, t + h/2),  H2 = x + h/2 k1,  g2 = g(H2, t + h/2)
//   G = sum_k g2^k I_k,   k3 = f(x + h/2 k2 + G, t + h/2),  k4 = f(x + h k3 + G, t + h)
//   H3^k = H2 + xi/2 g2^k + sum_{l != k} J_kl g2^l,   H4^k = H2 - xi/2 g2^k
//   x' = x + h/6 (k1 + 2 k2 + 2 k3 + k4)
//      + sum_k [(2 I_kk - I_k) g2^k + I_k g^k(H3^k, t + h/2) + (I_k - 2 I_kk) g^k(H4^k, t + h/2)]
//
// Four drift evaluations; the diffusion once in full and twice each column.
// Source: Tang and Xiao, BIT Numer. Math. 57 (2017), 241-260; the stage times are ours.

#include <cmath>

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/two_sign_noise.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct W2Ito2 {
  static constexpr MethodFacts facts{
      .name = "W2Ito2",
      .reference = "Tang and Xiao 2017 (W2Ito2)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 4,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    const double middle = t + 0.5 * h;
    const X k1 = sde.drift(x, t);
    const X H2 = x + (0.5 * h) * k1;
    const X k2 = sde.drift(H2, middle);
    const auto g2 = detail::plain(sde.diffusion(H2, middle));
    const X G = product(g2, dB.W);
    const X k3 = sde.drift(X(x + (0.5 * h) * k2 + G), middle);
    const X k4 = sde.drift(X(x + h * k3 + G), t + h);
    const X drift = (h / 6) * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
    if constexpr (P::noise == Noise::additive) {
      return x + drift + G;
    } else {
      return x + drift + weak::two_sign_noise(sde, H2, middle, h, g2, dB);
    }
  }
};

}  // namespace stochflow
