#pragma once

// The term that Milstein's method adds to Euler's for a diffusion matrix,
//
//   sum_jk (Dg^k g^j) I_jk,   I_jk = int W^j dW^k [M, M],
//
// with exact derivatives or with differences along the columns of g. One text for commutative noise
// (I symmetric) and for general noise (I with Lévy areas).

#include "stochflow/derivative.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::detail {

/// By dual numbers.
template <class P, class X, class I>
X milstein_correction(const P& sde, const X& x, double t, const I& integrals) {
  static_assert(DualDiffusion<P, X>,
                "This method needs the derivative of the diffusion: write the diffusion generic in "
                "its number type (const auto& x) so that dual numbers can pass through it, or use "
                "a derivative-free method: MilsteinDerivativeFree, MilsteinGeneralDerivativeFree, "
                "SRI2 (Ito) or SRS2 (Stratonovich).");
  const auto g = sde.diffusion(x, t).eval();
  X sum = X::Zero(x.size());
  for (Eigen::Index j = 0; j < g.cols(); ++j) {
    const X g_j = g.col(j).array();
    const auto slope = diffusion_derivative_along(sde, x, t, g_j);
    sum += X(product(slope, integrals.row(j).transpose().array()));
  }
  return sum;
}

/// By differences. In Itô's sense the integrals have mean zero, and one side will do:
///   (g(x + h f + sqrt(h) g^j) - g(x)) / sqrt(h);
/// in Stratonovich's the remainder of a one-sided difference would meet E[W_j^2] = h, a bias of
/// h^(3/2) a step, so there it is (g(x + sqrt(h) g^j) - g(x - sqrt(h) g^j)) / (2 sqrt(h)).
template <class P, class X, class I>
X milstein_difference(
    const P& sde, const X& x, const X& f, double t, double h, const I& integrals) {
  const double root_h = root(h);
  const auto g = sde.diffusion(x, t).eval();
  X sum = X::Zero(x.size());
  for (Eigen::Index j = 0; j < g.cols(); ++j) {
    const X along = root_h * g.col(j).array();
    const auto weights = integrals.row(j).transpose().array();
    if constexpr (P::calculus == Calculus::ito) {
      const auto g_k = sde.diffusion(X(x + h * f + along), t).eval();
      sum += X(product((g_k - g).eval(), weights)) / root_h;
    } else {
      const auto up = sde.diffusion(X(x + along), t).eval();
      const auto down = sde.diffusion(X(x - along), t).eval();
      sum += X(product((up - down).eval(), weights)) / (2 * root_h);
    }
  }
  return sum;
}

/// Whether the diffusion is a matrix. A number is a matrix with one entry and needs no areas; an
/// array is neither, and general noise is refused it.
template <class P, class X>
constexpr bool has_diffusion_matrix() {
  using G = std::decay_t<decltype(std::declval<const P&>().diffusion(std::declval<const X&>(), 0))>;
  static_assert(MatrixExpression<G> || is_number<X>,
                "Commutative and general noise need a diffusion matrix [N, M], and this diffusion "
                "is an array: return a Matrix, or declare Noise::diagonal or Noise::scalar.");
  return MatrixExpression<G>;
}

}  // namespace stochflow::detail
