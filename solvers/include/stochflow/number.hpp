#pragma once

// What counts as one number rather than an array of them: the built-in types, and a SIMD pack
// (pack.hpp), which is one number in each of several trajectories.

#include <type_traits>

namespace stochflow {

template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T>;

}  // namespace stochflow
