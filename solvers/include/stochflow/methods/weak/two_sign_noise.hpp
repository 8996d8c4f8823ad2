#pragma once

// The noise part that W2Ito1 and W2Ito2 share, around a state `centre` with g the diffusion that
// their formulas write without arguments:
//
//   sum_k [(2 I_kk - I_k) g^k + I_k g^k(centre + xi/2 g^k + sum_{l != k} J_kl g^l, t)
//          + (I_k - 2 I_kk) g^k(centre - xi/2 g^k, t)]
//
// Diagonal noise takes one sign for each component, which is as good as one for all.
// Source: Tang and Xiao, BIT Numer. Math. 57 (2017), 241-260.

#include <Eigen/Core>

#include "stochflow/methods/weak/columns.hpp"
#include "stochflow/noise/increment_types.hpp"
#include "stochflow/root.hpp"

namespace stochflow::weak {

template <class P, class X, class G, class V>
X two_sign_noise(const P& sde,
                 const X& centre,
                 double t,
                 double h,
                 const G& g,
                 const ThreePointIncrement<V>& dB) {
  const double root_h = detail::root(h);
  const V& I = dB.W;
  if constexpr (!has_columns<P, X>()) {
    const V twice_Ikk = dB.e * (I * I - h) * (1 / root_h);
    const X half = 0.5 * X(product(g, V(root_h * dB.e)));
    const auto g_plus = detail::plain(sde.diffusion(X(centre + half), t));
    const auto g_minus = detail::plain(sde.diffusion(X(centre - half), t));
    return X(product(g, V(twice_Ikk - I))) + X(product(g_plus, I)) +
           X(product(g_minus, V(I - twice_Ikk)));
  } else {
    const auto xi = root_h * dB.e[0];
    const auto e2 = I.size() > 1 ? dB.e[1] : dB.e[0];  // not used when there is no pair
    const V twice_Ikk = (dB.e[0] / root_h) * (I * I - h);
    X sum = product(g, V(twice_Ikk - I));
    for (Eigen::Index k = 0; k < I.size(); ++k) {
      V weights = 0.5 * I;
      for (Eigen::Index l = 0; l < I.size(); ++l) weights[l] *= k < l ? 1 - e2 : 1 + e2;
      weights[k] = 0.5 * xi;
      const X plus = centre + X(product(g, weights));
      const X minus = centre - (0.5 * xi) * X(g.col(k).array());
      sum = sum + I[k] * diffusion_column(sde, plus, t, k) +
            (I[k] - twice_Ikk[k]) * diffusion_column(sde, minus, t, k);
    }
    return sum;
  }
}

}  // namespace stochflow::weak
