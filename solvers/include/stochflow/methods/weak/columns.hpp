#pragma once

// What weak methods need of the noise beyond g(x, t) . W: single columns of the diffusion at their
// own stages, and sums over pairs of Brownian motions. Only a matrix that depends on the state has
// either. Scalar and diagonal noise is one column, evaluated at one stage: with g_k a function of
// x_k alone, the stages of all components fit into one state, and the pairs cancel. Additive noise
// has no stages at all.
//
// A problem whose columns are cheaper one by one offers a member `diffusion_column(x, t, k)`.

#include <Eigen/Core>
#include <type_traits>

#include "stochflow/facts.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/state.hpp"

namespace stochflow::weak {

/// The stored type of the problem's diffusion.
template <class P, class X>
using DiffusionOf = std::decay_t<decltype(detail::plain(
    std::declval<const P&>().diffusion(std::declval<const X&>(), 0.0)))>;

/// Whether the columns of the diffusion have to be told apart.
template <class P, class X>
constexpr bool has_columns() {
  return P::noise != Noise::additive && MatrixExpression<DiffusionOf<P, X>>;
}

/// Column k of g(x, t), [N].
template <class P, class X>
X diffusion_column(const P& sde, const X& x, double t, Eigen::Index k) {
  if constexpr (requires { sde.diffusion_column(x, t, k); }) {
    return sde.diffusion_column(x, t, k);
  } else {
    return X(sde.diffusion(x, t).col(k).array());
  }
}

/// v with element k set to zero: the sum over l != k of g^l v_l is then g . v.
template <class V>
V without(V v, Eigen::Index k) {
  v[k] = 0;
  return v;
}

/// The random variables in place of the double integrals I_kl, l != k (element k is 0), from the
/// three-point variables I and the signs e:
///   I_kl = (I_k I_l - h e_k e_l) / 2  for k < l,   (I_k I_l + h e_k e_l) / 2  for l < k.
/// The products of m signs stand for the m (m - 1)/2 independent signs of Kloeden and Platen: any
/// two of them are uncorrelated, which is all that weak order 2 asks for. One sign shared by the
/// pairs (1,2) and (1,3), as several libraries have it, correlates I_12 with I_13 and loses order 2
/// from three Brownian motions on.
template <class V>
V mixed_integrals(const V& I, const V& e, double h, Eigen::Index k) {
  V result = 0.5 * I[k] * I;
  result[k] = 0;
  for (Eigen::Index l = 0; l < I.size(); ++l) {
    if (l != k) result[l] += (k < l ? -0.5 : 0.5) * h * e[k] * e[l];
  }
  return result;
}

}  // namespace stochflow::weak
