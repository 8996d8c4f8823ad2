#pragma once

// What the solvers need to know about a state, and nothing else: is it finite, and what does noise
// of its shape look like. A step itself uses only + - * between states and numbers, so that one
// text of a method serves `double`, `Eigen::Array<T, N, 1>` (T a number, a dual, a SIMD pack) and,
// through the specialisation in stochflow/diffusion/tensor, `torch::Tensor`.

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>

#include "stochflow/dual.hpp"

namespace stochflow {

/// State of a system of N equations; N = Eigen::Dynamic when the size is known at run time only.
template <class T, int N = Eigen::Dynamic>
using Vector = Eigen::Array<T, N, 1>;

/// Diffusion matrix of a system of N equations driven by M Brownian motions.
template <class T, int N = Eigen::Dynamic, int M = N>
using Matrix = Eigen::Matrix<T, N, M>;

template <class E>
concept EigenExpression = std::is_base_of_v<Eigen::EigenBase<std::decay_t<E>>, std::decay_t<E>>;

/// A two-dimensional Eigen expression: the diffusion of commutative and general noise.
template <class E>
concept MatrixExpression = EigenExpression<E> &&(std::decay_t<E>::ColsAtCompileTime != 1);

/// Specialise for a new kind of state:
///   all_finite(x)      whether every number in x is finite
///   check_each_step    false when all_finite is expensive (a device synchronisation): the solver
///                      then looks at the final state only
template <class X>
struct StateTraits;

template <std::floating_point T>
struct StateTraits<T> {
  static constexpr bool check_each_step = true;
  static bool all_finite(T x) { return std::isfinite(x); }
};

template <class T, int N>
struct StateTraits<Eigen::Array<T, N, 1>> {
  static constexpr bool check_each_step = true;
  static bool all_finite(const Eigen::Array<T, N, 1>& x) {
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      using std::isfinite;
      if (!isfinite(x[i])) return false;
    }
    return true;
  }
};

/// g . dW for every shape that a diffusion can have: a number or an array times an increment
/// element by element, or a matrix [N, M] times the increments [M] of M Brownian motions, or times
/// several of them, the columns of a matrix [M, K].
template <class G, class W>
auto product(const G& g, const W& dW) {
  if constexpr (MatrixExpression<G> && MatrixExpression<W>) {
    using T = decltype(std::declval<typename G::Scalar>() * std::declval<typename W::Scalar>());
    Matrix<T, G::RowsAtCompileTime, W::ColsAtCompileTime> columns(g.rows(), dW.cols());
    for (Eigen::Index k = 0; k < dW.cols(); ++k) {
      columns.col(k) = product(g, dW.col(k).array()).matrix();
    }
    return columns;
  } else if constexpr (MatrixExpression<G>) {
    // Column by column, and not by Eigen's product: that one fuses multiply-adds where the
    // processor has them, and the bits would depend on the machine and on whether x is a number or
    // a pack.
    using V = Vector<typename W::Scalar, G::RowsAtCompileTime>;
    const auto columns = g.eval();
    V sum = columns.col(0).array() * dW[0];
    for (Eigen::Index j = 1; j < columns.cols(); ++j) {
      const V term = columns.col(j).array() * dW[j];
      sum += term;
    }
    return sum;
  } else {
    return g * dW;
  }
}

namespace detail {

/// The value of an expression in a type that can be stored: Eigen's expressions are evaluated.
template <class E>
auto plain(const E& e) {
  if constexpr (EigenExpression<E>) {
    return e.eval();
  } else {
    return e;
  }
}

/// A value shaped like the state: a diffusion may be one number for many components.
template <class X, class G>
X shaped_like(const X& x, const G& g) {
  if constexpr (EigenExpression<X> && is_number<G>) {
    return X::Constant(x.size(), g);
  } else {
    return X(g);
  }
}

}  // namespace detail

/// max(x, 0), for every kind of number: the full truncation of square-root diffusions.
template <std::floating_point T>
T positive_part(T x) {
  return x > 0 ? x : T(0);
}
template <class T>
DualOf<T> positive_part(DualOf<T> x) {
  return select(x.value > T(0), x, DualOf<T>(T(0)));
}
template <class T, int N>
Eigen::Array<T, N, 1> positive_part(const Eigen::Array<T, N, 1>& x) {
  return x.unaryExpr([](const T& xi) { return positive_part(xi); });
}

}  // namespace stochflow
