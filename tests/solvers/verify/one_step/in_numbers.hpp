#pragma once

// States and increments of doubles as those of another number type T, constants all: what a step's
// text needs to run on it.

#include <Eigen/Core>

#include "stochflow/noise/increments.hpp"

namespace stochflow::verify {

template <class T>
T in_numbers(double x) {
  return T(x);
}
template <class T, int N, int M>
auto in_numbers(const Eigen::Array<double, N, M>& x) {
  return Eigen::Array<T, N, M>(x.template cast<T>());
}
template <class T, int N, int M>
auto in_numbers(const Eigen::Matrix<double, N, M>& x) {
  return Eigen::Matrix<T, N, M>(x.template cast<T>());
}

/// The same increments: whatever members there are.
template <class T, template <class> class Noise, class V>
auto in_numbers(const Noise<V>& dB) {
  using Other = Noise<decltype(in_numbers<T>(dB.W))>;
  if constexpr (requires { dB.K; }) {
    return Other{in_numbers<T>(dB.W), in_numbers<T>(dB.H), in_numbers<T>(dB.K)};
  } else if constexpr (requires { dB.H; }) {
    return Other{in_numbers<T>(dB.W), in_numbers<T>(dB.H)};
  } else if constexpr (requires { dB.A; }) {
    return Other{in_numbers<T>(dB.W), in_numbers<T>(dB.A)};
  } else if constexpr (requires { dB.e; }) {
    return Other{in_numbers<T>(dB.W), in_numbers<T>(dB.e)};
  } else {
    return Other{in_numbers<T>(dB.W)};
  }
}

}  // namespace stochflow::verify
