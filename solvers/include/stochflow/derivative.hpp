#pragma once

// Directional derivatives of a problem's coefficients by dual numbers. One evaluation of the
// user's text at x + epsilon v gives (Dg(x) v), exactly; dual numbers of dual numbers give second
// derivatives.

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

/// x + e v + d w + e d u, where e^2 = d^2 = 0.
template <class X>
auto seed_directions(const X& x, const X& v, const X& w, const X& u) {
  if constexpr (is_number<X>) {
    return DualOf<DualOf<X>>({x, v}, {w, u});
  } else {
    using T = typename X::Scalar;
    Vector<DualOf<DualOf<T>>, X::RowsAtCompileTime> seeded(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      seeded[i] = DualOf<DualOf<T>>({x[i], v[i]}, {w[i], u[i]});
    }
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
template <class X>
using TwiceDualState = decltype(seed_directions(std::declval<const X&>(),
                                                std::declval<const X&>(),
                                                std::declval<const X&>(),
                                                std::declval<const X&>()));

}  // namespace detail

/// Whether `problem.diffusion` accepts dual numbers in place of the state X.
template <class P, class X>
concept DualDiffusion = (is_number<X> ||
                         EigenExpression<X>)&&requires(const P& p, const detail::DualState<X>& x) {
  p.diffusion(x, 0.0);
};

/// Whether drift and diffusion accept dual numbers of dual numbers.
template <class P, class X>
concept TwiceDifferentiable = (is_number<X> ||
                               EigenExpression<X>)&&requires(const P& p,
                                                             const detail::TwiceDualState<X>& x) {
  p.drift(x, 0.0);
  p.diffusion(x, 0.0);
};

/// (D diffusion)(x, t) v: same shape as diffusion(x, t).
template <class P, class X>
auto diffusion_derivative_along(const P& problem, const X& x, double t, const X& v) {
  const auto seeded = detail::seed_direction(x, v);
  return detail::derivative_part(detail::plain(problem.diffusion(seeded, t)));
}

/// D^2 f(x)(v, w) + Df(x) u, shaped like f(x), in one evaluation of f.
template <class F, class X>
auto second_derivative(const F& f, const X& x, const X& v, const X& w, const X& u) {
  const auto seeded = detail::seed_directions(x, v, w, u);
  return detail::derivative_part(detail::derivative_part(detail::plain(f(seeded))));
}

}  // namespace stochflow
