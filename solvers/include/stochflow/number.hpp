#pragma once

// What counts as one number rather than an array of them: the built-in types, and a SIMD pack
// (pack.hpp), which is one number in each of several trajectories.

#include <type_traits>

namespace stochflow {

template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T>;

namespace detail {
template <class X>
struct NumberIn {
  using type = double;
};
template <class X>
requires is_number<X>
struct NumberIn<X> {
  using type = X;
};
template <class X>
requires requires { typename X::Scalar; }
struct NumberIn<X> {
  using type = typename X::Scalar;
};
}  // namespace detail

/// The number type of a state: of a number itself, of an Eigen array its scalar, of any other type
/// of state double.
template <class X>
using NumberOf = typename detail::NumberIn<X>::type;

/// a if the condition holds, otherwise b; packs choose lane by lane.
template <class A>
A select(bool condition, const A& a, const std::type_identity_t<A>& b) {
  return condition ? a : b;
}

}  // namespace stochflow
