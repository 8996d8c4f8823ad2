#pragma once

// Directional derivatives of a problem's coefficients by dual numbers. One evaluation of the
// user's text at x + epsilon v gives (Dg(x) v), exactly.

#include <type_traits>
#include <utility>

#include "stochflow/dual.hpp"
#include "stochflow/state.hpp"

namespace stochflow {
namespace detail {

template <class T>
inline constexpr bool is_dual = false;
template <class T>
inline constexpr bool is_dual<DualOf<T>> = true;

template <class X>
auto seed_direction(const X& x, const X& v) {
  if constexpr (is_number<X>) {
    return DualOf<X>(x, v);
  } else {
    using T = typename X::Scalar;
    Vector<DualOf<T>, X::RowsAtCompileTime> seeded(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i) seeded[i] = DualOf<T>(x[i], v[i]);
    return seeded;
  }
}

template <class Y>
auto derivative_part(const Y& y) {
  if constexpr (is_number<Y>) {
    return Y(0);
  } else if constexpr (is_dual<Y>) {
    return y.derivative;
  } else if constexpr (is_dual<typename Y::Scalar>) {
    return y.unaryExpr([](const auto& d) { return d.derivative; }).eval();
  } else {
    return (y * 0.0).eval();  // coefficients that do not depend on x
  }
}

template <class X>
using DualState = decltype(seed_direction(std::declval<const X&>(), std::declval<const X&>()));

}  // namespace detail

/// Whether `problem.diffusion` accepts dual numbers in place of the state X.
template <class P, class X>
concept DualDiffusion = (is_number<X> ||
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
