#pragma once

#include <Eigen/Core>

namespace stochflow::detail {

/// From what a source of noise takes its size where nobody says: zeros if the type fixes it, else
/// an empty array. (V{} of a fixed Eigen array is not set, and may not be copied.)
template <class V>
V default_like() {
  if constexpr (requires { requires V::SizeAtCompileTime != Eigen::Dynamic; }) {
    return V::Constant(typename V::Scalar(0));
  } else {
    return V{};
  }
}

}  // namespace stochflow::detail
