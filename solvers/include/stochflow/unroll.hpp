#pragma once

// A loop whose index is a constant: what the constants make zero costs nothing, and no compiler
// takes a loop that copies packs for a copy of bytes, which it would move in smaller pieces than
// the loads that follow.

#include <cstddef>
#include <type_traits>
#include <utility>

namespace stochflow::detail {

/// body(0), ..., body(n-1) with integral constants.
template <std::size_t n, class Body>
constexpr void unroll(const Body& body) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (body(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<n>{});
}

}  // namespace stochflow::detail
