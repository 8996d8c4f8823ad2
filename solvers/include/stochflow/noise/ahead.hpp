#pragma once

// The path of FreshIncrements for a trajectory that takes its steps in order: the normals of the
// next steps are made together, a draw in each lane of a SIMD pack, for a third of the time. The
// same numbers, in whatever order they are asked for; but asking changes what is held, so each
// thread needs a path of its own.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/noise/increments.hpp"

// Narrower packs gain nothing: the multiply-add would be a function of the C library in each lane.
#if defined(__AVX2__) && defined(__FMA__)
#include "stochflow/noise/lane_normals.hpp"
#endif

namespace stochflow {
#if defined(__AVX2__) && defined(__FMA__)
namespace detail {

/// The standard normals of one trajectory, T double or float.
template <class T>
class NormalsAhead {
 public:
  NormalsAhead(std::uint64_t seed, Purpose purpose, std::uint64_t trajectory)
      : stream_(seed, purpose), trajectory_(trajectory) {}

  /// Shaped like `like`.
  template <class V>
  V of(std::uint64_t step, const V& like) {
    std::size_t size = 1;
    if constexpr (!is_number<V>) size = static_cast<std::size_t>(like.size());
    if (blocks_.empty()) blocks_.resize((size + capacity - 1) / capacity);
    const auto normals_of = [&](std::uint64_t draw, std::size_t lane) {
      return at(draw, lane, size - lane * capacity);
    };
    return step_normals(normals_of, step, like);
  }

 private:
  using Words = NoiseWords<Pack<T>>;
  static constexpr std::size_t capacity = Words::normals_per_draw;
  static constexpr auto lanes = static_cast<std::size_t>(Pack<T>::lanes);
  // Two packs: one after the other would wait for its own results.
  static constexpr std::size_t length = 2 * lanes;
  static_assert(std::has_single_bit(length));

  /// `length` draws: what is held of one lane of the stream.
  struct Block {
    std::uint64_t number = std::numeric_limits<std::uint64_t>::max();
    std::array<std::array<T, length>, capacity> normals;
  };

  /// Normals `draw` of a lane from whose first component on there are `left`. Where steps share
  /// draws (see NormalsPlace), only every second or fourth draw is ever asked for; where there are
  /// three components left, three of four.
  std::array<T, capacity> at(std::uint64_t draw, std::size_t lane, std::size_t left) {
    const int shift =
        left >= capacity ? 0 : std::countr_zero(capacity) - std::countr_zero(std::bit_ceil(left));
    const std::uint64_t number = (draw >> shift) / length, place = (draw >> shift) % length;
    Block& block = blocks_[lane];
    if (block.number != number) fill(block, number, shift, static_cast<std::uint32_t>(lane));
    std::array<T, capacity> result;
    for (std::size_t c = 0; c < capacity; ++c) result[c] = block.normals[c][place];
    return result;
  }

  // By itself, so that looking a normal up stays small enough to be part of the step.
  [[gnu::noinline, gnu::flatten]] void fill(Block& block,
                                            std::uint64_t number,
                                            int shift,
                                            std::uint32_t lane) const {
    const std::uint64_t first = number * length;
    for (std::size_t p = 0; p < length; p += lanes) {
      const auto draws = Words::trajectories(first + p) << shift;
      const auto normals =
          Words::normals(stream_.words_of_draws(trajectory_, draws, first << shift, lane));
      for (std::size_t c = 0; c < capacity; ++c) normals[c].store(&block.normals[c][p]);
    }
    block.number = number;
  }

  RandomStream stream_;
  std::uint64_t trajectory_;
  std::vector<Block> blocks_;
};

}  // namespace detail

/// V as for FreshIncrements, of double or float; what else a path is asked for, that one answers.
template <class V>
class AheadIncrements {
 public:
  using value_type = V;

  AheadIncrements(std::uint64_t seed, std::uint64_t trajectory, V like)
      : fresh_(seed, trajectory, like),
        W_(seed, Purpose::increments, trajectory),
        H_(seed, Purpose::space_time_area, trajectory),
        K_(seed, Purpose::space_time_time_area, trajectory),
        like_(std::move(like)) {}

  Increment<V> increment(const Step& step) const {
    return detail::scaled(step.h, W_.of(index(step), like_));
  }
  SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
    return detail::scaled(step.h, W_.of(index(step), like_), H_.of(index(step), like_));
  }
  SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
    return detail::scaled(
        step.h, W_.of(index(step), like_), H_.of(index(step), like_), K_.of(index(step), like_));
  }

  AreaIncrement<V> area_increment(const Step& step) const { return fresh_.area_increment(step); }
  TwoPointIncrement<V> two_point_increment(const Step& step) const {
    return fresh_.two_point_increment(step);
  }
  ThreePointIncrement<V> three_point_increment(const Step& step) const {
    return fresh_.three_point_increment(step);
  }
  V bridge_normals(const Step& step, std::uint32_t ordinal) const {
    return fresh_.bridge_normals(step, ordinal);
  }

 private:
  static std::uint64_t index(const Step& step) { return static_cast<std::uint64_t>(step.index); }

  FreshIncrements<V> fresh_;
  mutable detail::NormalsAhead<NumberOf<V>> W_, H_, K_;
  V like_;
};
#endif

namespace detail {

/// The increments of (seed, trajectory), shaped like `like`, for one thread that takes the steps in
/// order.
template <class V>
auto increments_in_order(std::uint64_t seed, std::uint64_t trajectory, V like) {
#if defined(__AVX2__) && defined(__FMA__)
  using T = NumberOf<V>;
  if constexpr (std::is_same_v<T, double> || std::is_same_v<T, float>) {
    return AheadIncrements<V>(seed, trajectory, std::move(like));
  } else
#endif
    return FreshIncrements<V>(seed, trajectory, std::move(like));
}

/// brownian_path for one thread that takes the steps in order.
template <class P, class X>
auto path_in_order(
    const P& problem, const X& x0, double t0, std::uint64_t seed, std::uint64_t trajectory) {
  return increments_in_order(seed, trajectory, noise_like(problem, x0, t0));
}

}  // namespace detail
}  // namespace stochflow
