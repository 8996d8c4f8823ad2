#pragma once

// The size of an error in units of what the tolerances allow. For a state of your own kind,
// overload `scaled_error` in its namespace.

#include <algorithm>
#include <cmath>
#include <concepts>

#include "stochflow/state.hpp"

namespace stochflow {

/// |error| / (atol + rtol max(|x|, |x'|))
template <std::floating_point T>
double scaled_error(T error, T x, T next, double atol, double rtol) {
  return static_cast<double>(std::abs(error)) /
         (atol + rtol * static_cast<double>(std::max(std::abs(x), std::abs(next))));
}

/// The root mean square of the same over the components.
template <std::floating_point T, int N>
double scaled_error(const Vector<T, N>& error,
                    const Vector<T, N>& x,
                    const Vector<T, N>& next,
                    double atol,
                    double rtol) {
  const Vector<T, N> scaled = error / (T(atol) + T(rtol) * x.abs().max(next.abs()));
  return static_cast<double>(std::sqrt(scaled.square().mean()));
}

/// A state whose errors can be measured: what adaptive steps need of it.
template <class X>
concept MeasurableState = requires(const X& x) {
  { scaled_error(x, x, x, 1.0, 1.0) } -> std::convertible_to<double>;
};

}  // namespace stochflow
