#pragma once

// Correlated noise: `correlated(problem, covariance)` is the problem driven by Brownian motions B
// with E[B_j B_k] = covariance_jk t in place of independent ones. With the Cholesky factor,
// covariance = L L^T, B = L W, so it is an ordinary problem with diffusion g L and independent W:
// every method and every path applies, and the noise structure stays declared truthfully,
//
//   additive -> additive,  diagonal -> commutative,  commutative -> commutative,  general ->
//   general
//
// (constant combinations of columns that commute, commute). A correlation matrix, with ones on its
// diagonal, is the usual covariance; it may be singular.

#include <Eigen/Core>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "stochflow/sde.hpp"

namespace stochflow {

/// L with L L^T = covariance, lower triangular. Positive semi-definite matrices are accepted: what
/// is zero to 1e-12 of the largest variance is zero.
template <int M>
Matrix<double, M> cholesky_factor(const Matrix<double, M>& covariance) {
  const auto refuse = [](const auto&... words) {
    std::ostringstream text;
    text << "cholesky_factor: ";
    (text << ... << words);
    throw std::invalid_argument(text.str());
  };
  const Eigen::Index m = covariance.rows();
  if (covariance.cols() != m || m == 0) {
    refuse("expected a square matrix, found ", m, " x ", covariance.cols());
  }
  if (!covariance.allFinite()) refuse("the covariance has entries that are not finite");
  const double zero = 1e-12 * covariance.diagonal().cwiseAbs().maxCoeff();
  Matrix<double, M> L = Matrix<double, M>::Zero(m, m);
  for (Eigen::Index j = 0; j < m; ++j) {
    const double variance = covariance(j, j) - L.row(j).head(j).squaredNorm();
    if (variance < -zero) {
      refuse("the covariance is not positive semi-definite (row ",
             j,
             "): check the correlations, which must be consistent with one another");
    }
    L(j, j) = variance > zero ? std::sqrt(variance) : 0;
    for (Eigen::Index i = j + 1; i < m; ++i) {
      if (std::abs(covariance(i, j) - covariance(j, i)) > zero) {
        refuse("the covariance is not symmetric: entries (",
               i,
               ", ",
               j,
               ") are ",
               covariance(i, j),
               " and ",
               covariance(j, i));
      }
      const double rest = covariance(i, j) - L.row(i).head(j).dot(L.row(j).head(j));
      if (L(j, j) > 0) {
        L(i, j) = rest / L(j, j);
      } else if (std::abs(rest) > std::sqrt(zero * std::abs(covariance(i, i)))) {
        refuse("the covariance is not positive semi-definite (rows ",
               j,
               " and ",
               i,
               "): check the correlations, which must be consistent with one another");
      }
    }
  }
  return L;
}

/// `problem` with Brownian motions L W; made by `correlated`.
template <class P, int M>
struct Correlated {
  static_assert(P::noise != Noise::scalar,
                "Scalar noise has one Brownian motion and nothing to correlate it with: scale the "
                "diffusion instead.");
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise == Noise::diagonal ? Noise::commutative : P::noise;

  P problem;
  Matrix<double, M> L;

  template <class X>
  auto drift(const X& x, double t) const requires requires(const P& p) {
    p.drift(x, t);
  }
  { return problem.drift(x, t); }

  /// g L, [N, M].
  template <class X>
  auto diffusion(const X& x, double t) const requires requires(const P& p) {
    p.diffusion(x, t);
  }
  {
    const auto g = detail::plain(problem.diffusion(x, t));
    using G = std::decay_t<decltype(g)>;
    if constexpr (MatrixExpression<G>) {
      check(g.cols());
      using T = typename G::Scalar;
      return Matrix<T, G::RowsAtCompileTime, M>(product(g, L.template cast<T>().eval()));
    } else {
      static_assert(EigenExpression<X>,
                    "Correlated noise needs a state of several components: a Vector.");
      check(x.size());
      if constexpr (EigenExpression<G>) {
        using T = typename G::Scalar;
        Matrix<T, X::RowsAtCompileTime, M> gL = L.template cast<T>();
        for (Eigen::Index i = 0; i < gL.rows(); ++i) gL.row(i) *= g[i];
        return gL;
      } else {
        return Matrix<G, X::RowsAtCompileTime, M>(L.template cast<G>() * g);
      }
    }
  }

  template <class X, class W>
  X noise_term(const X& x, double t, const W& dW) const {
    check(dW.size());
    return stochflow::noise_term(problem, x, t, W(product(L, dW)));
  }

 private:
  void check(Eigen::Index noises) const {
    if (noises == L.rows()) return;
    std::ostringstream text;
    text << "Correlated: the problem has " << noises << " Brownian motions, but the covariance is "
         << L.rows() << " x " << L.cols();
    throw std::invalid_argument(text.str());
  }
};

/// covariance: [M, M], symmetric and positive semi-definite, per unit of time.
template <class P, class C>
auto correlated(const P& problem, const Eigen::MatrixBase<C>& covariance) {
  constexpr int M = C::RowsAtCompileTime;
  return Correlated<P, M>{problem, cholesky_factor<M>(Matrix<double, M>(covariance))};
}

}  // namespace stochflow
