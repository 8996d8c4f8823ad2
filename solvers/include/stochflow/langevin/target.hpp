#pragma once

// A density to sample from, known up to a factor: exp(-U(x)), by its potential U and grad U.

#include <type_traits>

#include "stochflow/state.hpp"

namespace stochflow {

/// potential(x) -> double, gradient(x) -> shaped like x.
template <class Potential, class Gradient>
struct Target {
  Potential potential;
  Gradient gradient;
};

template <class Potential, class Gradient>
Target(Potential, Gradient) -> Target<Potential, Gradient>;

namespace detail {

/// |x|^2 of a number or an array.
template <class X>
double norm_squared(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return x * x;
  } else {
    return x.square().sum();
  }
}

}  // namespace detail
}  // namespace stochflow
