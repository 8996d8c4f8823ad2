#pragma once

// The two- and three-point variables that weak methods take in place of normals: right up to the
// moments that the method's order needs, and an order of magnitude cheaper, since a component costs
// 1 or 32 random bits. Source: Kloeden and Platen 1992, sections 14.1 and 14.2.

#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>

#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/philox.hpp"

namespace stochflow {
namespace detail {

/// The elements of a noise variable: a number is one.
template <class V>
auto elements(V& v) {
  if constexpr (std::is_arithmetic_v<V>) {
    return std::span<V>(&v, 1);
  } else {
    return std::span(v.data(), static_cast<std::size_t>(v.size()));
  }
}

}  // namespace detail

/// Signs +-1, one random bit each; component k does not depend on how many are asked for.
template <class V>
V random_signs(const RandomStream& stream, std::uint64_t trajectory, std::uint64_t index, V like) {
  const auto out = detail::elements(like);
  PhiloxCounter bits{};
  for (std::size_t k = 0; k < out.size(); ++k) {
    if (k % 128 == 0) bits = stream.bits(trajectory, index, static_cast<std::uint32_t>(k / 128));
    out[k] = (bits[k / 32 % 4] >> (k % 32) & 1) != 0 ? 1 : -1;
  }
  return like;
}

/// Three-point variables and signs from 32 random bits a component (a probability of 1/6 is right
/// to 2^-31).
template <class V>
ThreePointIncrement<V> three_point_variables(
    const RandomStream& stream, std::uint64_t trajectory, std::uint64_t index, double h, V like) {
  ThreePointIncrement<V> result{like, like};
  const auto W = detail::elements(result.W), e = detail::elements(result.e);
  const double size = std::sqrt(3 * h);
  PhiloxCounter bits{};
  for (std::size_t k = 0; k < W.size(); ++k) {
    if (k % 4 == 0) bits = stream.bits(trajectory, index, static_cast<std::uint32_t>(k / 4));
    const std::uint32_t word = bits[k % 4];
    const auto sixth = static_cast<int>(std::uint64_t{word >> 1} * 6 >> 31);
    W[k] = sixth == 0 ? -size : sixth == 5 ? size : 0;
    e[k] = (word & 1) != 0 ? 1 : -1;
  }
  return result;
}

}  // namespace stochflow
