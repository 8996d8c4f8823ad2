#pragma once

// The noise part of Roessler's Stratonovich methods RS1 and RS2, of weak order 2 for any noise.
// With three-point variables I_k, signs e_k, and J_kl = sqrt(h) e_l I_k for l < k, -sqrt(h) e_k I_l
// for k < l:
//
//   g1^k = g^k(x, t),  H2^k = x + 2/3 I_k g1^k,  g2^k = g^k(H2^k, t)
//   C_k  = sum_{l != k} I_l (g1^l + 3 g2^l)/4
//   H3^k = x + h f + I_k (g1^k + 3 g2^k)/12 + C_k,              g3^k = g^k(H3^k, t + h)
//   H4^k = x + h f + I_k (-5 g1^k + g2^k + 8 g3^k)/4 + C_k,     g4^k = g^k(H4^k, t + h)
//   D_k  = sum_{l != k} g1^l J_kl / sqrt(h)
//   sum_k [I_k (g1 + 3 g2 + 3 g3 + g4)^k/8 + sqrt(h)/4 (g^k(x - D_k, t) - g^k(x + D_k, t))]
//
// J must be antisymmetric, J_kl = -J_lk: the variant with I_k and I_l exchanged in one half of it,
// which is in circulation, is of weak order 1 on noise that does not commute.
// Source: Roessler, BIT Numer. Math. 47 (2007), 657-680.

#include <Eigen/Core>

#include "stochflow/methods/weak/columns.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::weak {

/// What the two methods share: the noise part, and the shift of the drift's last stage.
template <class X>
struct RsNoise {
  X sum;
  X shift;  // sum_k I_k (g1^k + 3 g2^k)/4
};

template <class P, class X, class V>
RsNoise<X> rs_noise(
    const P& sde, const X& x, const X& f, double t, double h, const ThreePointIncrement<V>& dB) {
  const V& I = dB.W;
  const auto g1 = detail::plain(sde.diffusion(x, t));
  if constexpr (P::noise == Noise::additive) {
    const X start = product(g1, I);
    return {X(0.5 * (start + noise_term(sde, x, t + h, I))), start};
  } else if constexpr (!has_columns<P, X>()) {
    const X I_g1 = product(g1, I);
    const X I_g2 = noise_term(sde, X(x + (2.0 / 3) * I_g1), t, I);
    const X euler = x + h * f;
    const X I_g3 = noise_term(sde, X(euler + (1.0 / 12) * I_g1 + 0.25 * I_g2), t + h, I);
    const X H4 = euler - 1.25 * I_g1 + 0.25 * I_g2 + 2.0 * I_g3;
    const X I_g4 = noise_term(sde, H4, t + h, I);
    return {X(0.125 * I_g1 + 0.375 * I_g2 + 0.375 * I_g3 + 0.125 * I_g4),
            X(0.25 * I_g1 + 0.75 * I_g2)};
  } else {
    const double root_h = detail::root(h);
    auto blend = g1;  // (g1 + 3 g2)/4
    const auto column = [](const auto& g, Eigen::Index k) { return X(g.col(k).array()); };
    for (Eigen::Index k = 0; k < I.size(); ++k) {
      const X H2 = x + ((2.0 / 3) * I[k]) * column(g1, k);
      blend.col(k) = 0.25 * g1.col(k) + 0.75 * diffusion_column(sde, H2, t, k).matrix();
    }
    X sum = 0.5 * X(product(blend, I));
    for (Eigen::Index k = 0; k < I.size(); ++k) {
      const X g1_k = column(g1, k), g2_k = (4.0 * column(blend, k) - g1_k) * (1.0 / 3);
      const X base = x + h * f + X(product(blend, without(I, k)));
      const X H3 = base + (I[k] / 3) * column(blend, k);
      const X g3_k = diffusion_column(sde, H3, t + h, k);
      const X H4 = base + I[k] * (-1.25 * g1_k + 0.25 * g2_k + 2.0 * g3_k);
      sum = sum + I[k] * (0.375 * g3_k + 0.125 * diffusion_column(sde, H4, t + h, k));

      V J = without(I, k);
      for (Eigen::Index l = 0; l < I.size(); ++l) {
        if (k < l) J[l] = -dB.e[k] * I[l];
        if (l < k) J[l] = dB.e[l] * I[k];
      }
      const X D = product(g1, J);
      sum = sum + (0.25 * root_h) * (diffusion_column(sde, X(x - D), t, k) -
                                     diffusion_column(sde, X(x + D), t, k));
    }
    return {sum, X(product(blend, I))};
  }
}

}  // namespace stochflow::weak
