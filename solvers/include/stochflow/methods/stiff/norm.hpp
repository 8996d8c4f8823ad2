#pragma once

// The Euclidean norm of a state, scaled so that squares of huge numbers do not overflow: the tamed
// and truncated methods measure states that are on their way to infinity.

#include <cmath>
#include <type_traits>

#include "stochflow/state.hpp"

namespace stochflow::detail {

template <class X>
double euclidean_norm(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return std::abs(x);
  } else {
    return x.matrix().stableNorm();
  }
}

}  // namespace stochflow::detail
