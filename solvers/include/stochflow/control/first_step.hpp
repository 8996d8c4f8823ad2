#pragma once

// The first step of an adaptive run, where there is no error to learn from yet: small against the
// time in which drift and noise change the state by its own size (or by the tolerance, if that is
// larger), and against the change of the drift over such a step.
// Source: Hairer, Norsett and Wanner, Solving ODEs I, section II.4, with |f| + 3 |g| for the drift
// as in Rackauckas and Nie 2017.

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "stochflow/control/error_norm.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

/// Put into a controller's first_step: choose it from the coefficients at the start.
inline constexpr double automatic_first_step = -1;

namespace detail {

/// |f| + 3 (standard deviation of the noise per square root of time), component by component.
/// Problems on states of their own kind have a member for it.
template <class P, class X>
X speed(const P& problem, const X& x, double t) {
  if constexpr (requires { problem.speed(x, t); }) {
    return problem.speed(x, t);
  } else {
    const X f = problem.drift(x, t);
    const auto g = plain(problem.diffusion(x, t));
    using std::abs;
    if constexpr (std::is_arithmetic_v<X>) {
      return abs(f) + 3 * abs(static_cast<X>(g));
    } else if constexpr (MatrixExpression<decltype(g)>) {
      return f.abs() + 3 * g.rowwise().norm().array();
    } else if constexpr (EigenExpression<decltype(g)>) {
      return f.abs() + 3 * g.abs();
    } else {
      return f.abs() + 3 * abs(g);
    }
  }
}

/// A step for an error of order `order`, at most a tenth of [t0, t1].
template <class P, class X>
double first_step(
    const P& problem, const X& x, double t0, double t1, double order, double atol, double rtol) {
  const auto size = [&](const X& y) { return scaled_error(y, x, x, atol, rtol); };
  const double longest = (t1 - t0) / 10;
  const X at_start = speed(problem, x, t0);
  const double d0 = size(x), d1 = size(at_start);
  double h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-3 * longest : 0.01 * d0 / d1;
  h0 = std::min(h0, longest);
  const X later = x + h0 * X(problem.drift(x, t0));
  const double d2 = size(X(speed(problem, later, t0 + h0) - at_start)) / h0;
  const double d = std::max(d1, d2);
  const double h1 = d <= 1e-15 ? longest : std::pow(0.01 / d, 1 / order);
  const double h = std::min({100 * h0, h1, longest});
  return h > 0 ? h : 1e-3 * longest;  // not finite: let the error control find out
}

}  // namespace detail
}  // namespace stochflow
