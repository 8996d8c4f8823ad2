#pragma once

// What Roessler's methods of strong order 1 for general noise share: the iterated integrals meet
// differences of the diffusion, column by column,
//
//   H+-_k = base +- sum_j g^j I_jk / sqrt(h),
//   sqrt(h)/2 sum_k (g^k(H+_k, s) - g^k(H-_k, s))  =  sum_jk (Dg^k g^j) I_jk + O(h^2).
//
// Source: Roessler, SIAM J. Numer. Anal. 48 (2010), 922-952, sections 4 and 6.

#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::srk {

/// g is the diffusion at the start of the step; s the time at which the columns are evaluated. A
/// number is a diffusion with one column.
template <class P, class X, class G, class I>
X column_differences(
    const P& sde, const X& base, double s, double h, const G& g, const I& integrals) {
  const double root_h = detail::root(h);
  if constexpr (MatrixExpression<G>) {
    const G gI = product(g, integrals) / root_h;
    X sum = X::Zero(base.size());
    for (Eigen::Index k = 0; k < gI.cols(); ++k) {
      const auto up = sde.diffusion(X(base + gI.col(k).array()), s).eval();
      const auto down = sde.diffusion(X(base - gI.col(k).array()), s).eval();
      sum += (up.col(k) - down.col(k)).array();
    }
    return (0.5 * root_h) * sum;
  } else {
    const X gI = g * integrals / root_h;
    return (0.5 * root_h) * (sde.diffusion(X(base + gI), s) - sde.diffusion(X(base - gI), s));
  }
}

}  // namespace stochflow::srk
