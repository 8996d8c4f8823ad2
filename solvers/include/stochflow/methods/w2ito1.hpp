#pragma once

// W2Ito1: weak order 2 for any Itô noise. However many Brownian motions there are, two signs are
// enough: xi = sqrt(h) e_1 and e_2, next to one three-point variable I_k for each.
//
//   I_kk = (I_k^2/xi - xi)/2,   J_kl = (1 - e_2) I_l/2 for k < l,   (1 + e_2) I_l/2 for k > l
//   k1 = f(x, t),  gI = sum_k g^k I_k
//   k2 = f(x + h/2 k1 + (6 - sqrt 6)/10 gI, t + h/2)
//   k3 = f(x - h k1 + 2 h k2 + (3 + 2 sqrt 6)/5 gI, t + h)
//   H2^k = x + h/4 k1 + xi/2 g^k + sum_{l != k} J_kl g^l,   H3^k = x + h/4 k1 - xi/2 g^k
//   x' = x + h/6 (k1 + 4 k2 + k3)
//      + sum_k [(2 I_kk - I_k) g^k + I_k g^k(H2^k, t + h/4) + (I_k - 2 I_kk) g^k(H3^k, t + h/4)]
//
// Deterministic order 3. W2Ito2 has order 4 there for one more drift evaluation.
// With additive noise the last sum is (2 g(t + h/4) - g(t)) I to second order: g(t + h/2) I is
// taken. Source: Tang and Xiao, BIT Numer. Math. 57 (2017), 241-260; the stage times are ours:
// evaluated at t throughout, as some libraries have it, the method is of weak order 1 for
// coefficients that depend on time.

#include <cmath>

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/two_sign_noise.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct W2Ito1 {
  static constexpr MethodFacts facts{
      .name = "W2Ito1",
      .reference = "Tang and Xiao 2017 (W2Ito1)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    constexpr double p = 0.35505102572168223, q = 1.579795897113271;  // with sqrt 6, see above
    const X k1 = sde.drift(x, t);
    const auto g = detail::plain(sde.diffusion(x, t));
    const X gI = product(g, dB.W);
    const X k2 = sde.drift(X(x + (0.5 * h) * k1 + p * gI), t + 0.5 * h);
    const X k3 = sde.drift(X(x - h * k1 + (2 * h) * k2 + q * gI), t + h);
    const X drift = (h / 6) * (k1 + 4.0 * k2 + k3);
    if constexpr (P::noise == Noise::additive) {
      return x + drift + noise_term(sde, x, t + 0.5 * h, dB.W);
    } else {
      const X centre = x + (0.25 * h) * k1;
      return x + drift + weak::two_sign_noise(sde, centre, t + 0.25 * h, h, g, dB);
    }
  }
};

}  // namespace stochflow
