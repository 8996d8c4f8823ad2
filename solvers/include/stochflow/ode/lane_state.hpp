#pragma once

// What the integrators in SIMD lanes share: their states, loops whose index is a constant, the
// field with or without parameters, and the error in units of the tolerance.

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "stochflow/pack.hpp"
#include "stochflow/state.hpp"

namespace stochflow::detail {

/// As many trajectories as a pack has lanes.
template <int N>
using LaneState = Eigen::Array<Pack<double>, N, 1>;

/// f(0), ..., f(n - 1), the index a constant that `if constexpr` understands.
template <std::size_t n, class F>
constexpr void for_each_index(const F& f) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (f(std::integral_constant<std::size_t, i>()), ...);
  }
  (std::make_index_sequence<n>());
}

/// field(x, t, q), or field(x, t) where it takes no parameters.
template <class Field, class X, class T, class Q>
auto evaluate(const Field& field, const X& x, const T& t, const Q& q) {
  if constexpr (std::invocable<const Field&, const X&, const T&, const Q&>) {
    return X(field(x, t, q));
  } else {
    return X(field(x, t));
  }
}

/// x + h y.
template <int N>
LaneState<N> moved(const LaneState<N>& x, const Pack<double>& h, const LaneState<N>& y) {
  LaneState<N> sum;
  for (int i = 0; i < N; ++i) sum[i] = fma(h, y[i], x[i]);
  return sum;
}

/// a in the lanes where the mask holds, b in the others.
template <int N>
LaneState<N> blend(const PackMask<double>& mask, const LaneState<N>& a, const LaneState<N>& b) {
  LaneState<N> chosen;
  for (int i = 0; i < N; ++i) chosen[i] = select(mask, a[i], b[i]);
  return chosen;
}

/// Local errors are measured against atol + rtol |x|, in root mean square over the components.
struct LaneTolerance {
  double rtol, atol;

  template <int N>
  LaneState<N> scale(const LaneState<N>& x) const {
    LaneState<N> s;
    for (int i = 0; i < N; ++i) s[i] = fma(Pack<double>(rtol), abs(x[i]), Pack<double>(atol));
    return s;
  }
  template <int N>
  LaneState<N> scale(const LaneState<N>& x, const LaneState<N>& next) const {
    LaneState<N> larger;
    for (int i = 0; i < N; ++i) larger[i] = max(abs(x[i]), abs(next[i]));
    return scale<N>(larger);
  }
};

/// mean((y / scale)^2).
template <int N>
Pack<double> mean_square(const LaneState<N>& y, const LaneState<N>& scale) {
  Pack<double> sum(0.0);
  for (int i = 0; i < N; ++i) {
    const Pack<double> ratio = y[i] / scale[i];
    sum = fma(ratio, ratio, sum);
  }
  return sum * Pack<double>(1.0 / N);
}

/// 0 in lanes whose components are all finite, NaN in the others.
template <int N>
Pack<double> nan_unless_finite(const LaneState<N>& x) {
  Pack<double> zero = x[0] - x[0];
  for (int i = 1; i < N; ++i) zero += x[i] - x[i];
  return zero;
}

}  // namespace stochflow::detail
