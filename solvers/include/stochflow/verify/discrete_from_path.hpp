#pragma once

// Two- and three-point variables made from a Brownian path, so that a weak method can run next to
// the exact solution on the same path: the sign of W, or 0 and +-sqrt(3 h) by the quantiles of W,
// and the signs of H, which is independent of W. They have exactly the law that weak methods ask
// for (noise/discrete.hpp draws the same law faster), and most of the variance of a difference of
// functionals cancels.

#include <Eigen/Core>
#include <cmath>
#include <type_traits>

#include "stochflow/noise/increment_types.hpp"

namespace stochflow::verify {
namespace detail {

template <class V, class Map>
V each_element(const V& v, const Map& map) {
  if constexpr (std::is_arithmetic_v<V>) {
    return map(v);
  } else {
    return v.unaryExpr(map);
  }
}

inline double sign(double v) { return v < 0 ? -1 : 1; }

}  // namespace detail

template <class V>
TwoPointIncrement<V> two_point_from_path(const V& W, double h) {
  return {detail::each_element(W, [=](double w) { return std::sqrt(h) * detail::sign(w); })};
}

template <class V>
ThreePointIncrement<V> three_point_from_path(const V& W, const V& H, double h) {
  constexpr double sixth = 0.9674215661017014;  // a normal exceeds it with probability 1/6
  const double bound = sixth * std::sqrt(h), size = std::sqrt(3 * h);
  return {detail::each_element(
              W, [=](double w) { return std::abs(w) > bound ? size * detail::sign(w) : 0.0; }),
          detail::each_element(H, [](double v) { return detail::sign(v); })};
}

}  // namespace stochflow::verify
