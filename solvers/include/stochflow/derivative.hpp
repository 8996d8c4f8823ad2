#pragma once

// Directional derivatives of a problem's coefficients by dual numbers. One evaluation of the
// user's text at x + epsilon v gives (Dg(x) v), exactly.

#include <type_traits>
#include <utility>

#include "stochflow/dual.hpp"
#include "stochflow/state.hpp"

namespace stochflow {
namespace detail {

template <class X>
auto seed_direction(const X& x, const X& v) {
  if constexpr (std::is_arithmetic_v<X>) {
    return Dual(x, v);
  } else {
    Vector<Dual, X::RowsAtCompileTime> seeded(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i) seeded[i] = Dual(x[i], v[i]);
    return seeded;
  }
}

template <class Y>
auto derivative_part(const Y& y) {
  if constexpr (std::is_arithmetic_v<Y>) {
    return 0.0;
  } else if constexpr (std::is_same_v<Y, Dual>) {
    return y.derivative;
  } else if constexpr (std::is_same_v<typename Y::Scalar, Dual>) {
    return y.unaryExpr([](const Dual& d) { return d.derivative; }).eval();
  } else {
    return (y * 0.0).eval();  // coefficients that do not depend on x
  }
}

template <class X>
using DualState = decltype(seed_direction(std::declval<const X&>(), std::declval<const X&>()));

}  // namespace detail

/// Whether `problem.diffusion` accepts dual numbers in place of the state X.
template <class P, class X>
concept DualDiffusion = (std::is_arithmetic_v<X> ||
                         EigenExpression<X>)&&requires(const P& p, const detail::DualState<X>& x) {
  p.diffusion(x, 0.0);
};

/// (D diffusion)(x, t) v: same shape as diffusion(x, t).
template <class P, class X>
auto diffusion_derivative_along(const P& problem, const X& x, double t, const X& v) {
  const auto seeded = detail::seed_direction(x, v);
  const auto g = problem.diffusion(seeded, t);
  if constexpr (EigenExpression<decltype(g)>) {
    return detail::derivative_part(g.eval());
  } else {
    return detail::derivative_part(g);
  }
}

}  // namespace stochflow
