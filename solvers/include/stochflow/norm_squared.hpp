#pragma once

#include <type_traits>

namespace stochflow::detail {

/// |x|^2 of a number or an array.
template <class X>
double norm_squared(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return x * x;
  } else {
    return x.square().sum();
  }
}

}  // namespace stochflow::detail
