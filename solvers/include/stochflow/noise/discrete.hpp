#pragma once

// The two- and three-point variables that weak methods take in place of normals: right up to the
// moments that the method's order needs, and an order of magnitude cheaper, since a component costs
// 1 or 32 random bits. Source: Kloeden and Platen 1992, sections 14.1 and 14.2.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/normal.hpp"
#include "stochflow/noise/philox.hpp"
#include "stochflow/number.hpp"
#include "stochflow/root.hpp"

namespace stochflow {
namespace detail {

/// The elements of a noise variable: a number is one.
template <class V>
auto elements(V& v) {
  if constexpr (is_number<V>) {
    return std::span<V>(&v, 1);
  } else {
    return std::span(v.data(), static_cast<std::size_t>(v.size()));
  }
}

/// Where the variables of a step lie when as many steps as fit share a draw of `capacity` places:
/// steps take 1, 2, 4, ... places each, the least that hold their components.
template <std::size_t capacity>
struct SharedDraw {
  std::uint64_t index;
  std::size_t first;

  constexpr SharedDraw(std::size_t components, std::uint64_t step) {
    const std::size_t places = std::bit_ceil(std::max<std::size_t>(components, 1));
    const std::uint64_t steps = places < capacity ? capacity / places : 1;
    index = step / steps;
    first = static_cast<std::size_t>(step % steps) * places;
  }
};

}  // namespace detail

/// Variables +-size, one random bit each, out of words: words_of(draw, lane) -> two of 64 bits.
/// Fewer than 65 components leave bits over: neighbouring steps share the 128 of one draw.
template <class V, class Words>
V random_signs(const Words& words_of, std::uint64_t index, double size, V like) {
  const auto out = detail::elements(like);
  using Number = std::decay_t<decltype(out[0])>;
  const detail::SharedDraw<128> draw(out.size(), index);
  for (std::size_t k = 0; k < out.size();) {
    const auto& bits = words_of(draw.index, (draw.first + k) / 128);
    do {
      const std::size_t place = (draw.first + k) % 128;
      out[k++] = NoiseWords<Number>::signed_by(
          bits[place / 64], static_cast<int>(place % 64), Number(size));
    } while (k < out.size() && (draw.first + k) % 128 != 0);
  }
  return like;
}

/// Three-point variables and signs from 32 random bits a component (a probability of 1/6 is right
/// to 2^-31). One or two components leave bits over, which neighbouring steps share.
template <class V, class Words>
ThreePointIncrement<V> three_point_variables(const Words& words_of,
                                             std::uint64_t index,
                                             double h,
                                             V like) {
  ThreePointIncrement<V> result{like, like};
  const auto W = detail::elements(result.W), e = detail::elements(result.e);
  using Number = std::decay_t<decltype(W[0])>;
  using Word = typename NoiseWords<Number>::Word;
  const detail::SharedDraw<4> draw(W.size(), index);
  const double size = detail::root(3 * h);
  std::array<Word, 2> bits{};
  for (std::size_t k = 0; k < W.size(); ++k) {
    const std::size_t place = draw.first + k;
    if (k == 0 || place % 4 == 0) {
      bits = words_of(draw.index, place / 4);
    }
    const Word pair = bits[place / 2 % 2], word = place % 2 == 0 ? pair : pair >> 32;
    const Number face = NoiseWords<Number>::die(word);
    const Number none(0), up(size), down(-size);
    W[k] = select(face == Number(0), down, select(face == Number(5), up, none));
    e[k] = NoiseWords<Number>::signed_by(word, 0, Number(1));
  }
  return result;
}

}  // namespace stochflow
