#pragma once

// The normals of a Brownian tree's nodes, drawn for several levels at once: on the way down to a
// tick the nodes are known in advance, so those of the next levels fill the lanes of a SIMD pack.
// The same numbers as one by one.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "stochflow/noise/increments.hpp"

// As in noise/ahead.hpp.
#if defined(__AVX2__) && defined(__FMA__)
#include "stochflow/noise/lane_normals.hpp"
#endif

namespace stochflow {

/// Standard normals as a pure function of their index, shaped like `like`.
class StreamNormals {
 public:
  StreamNormals(std::uint64_t seed, Purpose purpose, std::uint64_t trajectory)
      : stream_(seed, purpose), trajectory_(trajectory) {}

  template <class V>
  V operator()(std::uint64_t index, const V& like) const {
    return standard_normals(stream_, trajectory_, index, like);
  }

  const RandomStream& stream() const { return stream_; }
  std::uint64_t trajectory() const { return trajectory_; }

 private:
  RandomStream stream_;
  std::uint64_t trajectory_;
};

namespace detail {

/// The `count` normals of each node of a binary tree with `depth` levels; those of node k have the
/// indices stride k, stride k + 1, ...
template <class V, std::size_t count, int depth>
class NodeNormals {
 public:
  using Row = std::array<V, count>;

  /// Those of node `index` of `level`, on the way to the leaf `goal` below it.
  template <class Normals>
  Row operator()(
      const Normals& normals, int level, std::int64_t index, std::int64_t, const V& like) {
    return one(normals, node_of(level, index), like);
  }

#if defined(__AVX2__) && defined(__FMA__)
  const Row& operator()(const StreamNormals& normals,
                        int level,
                        std::int64_t index,
                        std::int64_t goal,
                        const V& like) requires std::is_floating_point_v<NumberOf<V>> {
    Held& held = held_[static_cast<std::size_t>(level)];
    if (held.node != node_of(level, index)) fill(normals, level, goal, like);
    return held.normals;
  }
#endif

  template <class Normals>
  static Row one(const Normals& normals, std::uint64_t node, const V& like) {
    return [&]<std::size_t... which>(std::index_sequence<which...>) {
      return Row{normals(stride * node + which, like)...};
    }
    (std::make_index_sequence<count>{});
  }

 private:
  static constexpr std::uint64_t stride = std::bit_ceil(count);

  static std::uint64_t node_of(int level, std::int64_t index) {
    return (std::uint64_t{1} << level) | static_cast<std::uint64_t>(index);
  }

#if defined(__AVX2__) && defined(__FMA__)
  [[gnu::noinline, gnu::flatten]] void fill(const StreamNormals& normals,
                                            int level,
                                            std::int64_t goal,
                                            const V& like) {
    constexpr int lanes = Pack<double>::lanes;
    const int levels = std::min(lanes, depth - level);
    std::array<std::uint64_t, lanes> first{};
    for (int j = 0; j < levels; ++j) {
      const std::uint64_t node = node_of(level + j, goal >> (depth - level - j));
      Held& held = held_[static_cast<std::size_t>(level + j)];
      held.node = node;
      held.normals.fill(like);
      first[static_cast<std::size_t>(j)] = stride * node;
    }
    const WordPack nodes = WordPack::Simd(first.data(), std::experimental::element_aligned);
    std::size_t size = 1;
    if constexpr (!is_number<V>) size = static_cast<std::size_t>(like.size());
    for (std::size_t which = 0; which < count; ++which) {
      const WordPack index = nodes + WordPack(std::uint64_t{which});
      for (std::size_t k = 0; k < size; k += 2) {
        const auto words = normals.stream().words_of_draws(
            normals.trajectory(), index, first[0], static_cast<std::uint32_t>(k / 2));
        const auto pair = NoiseWords<Pack<double>>::normals(words);
        for (std::size_t c = 0; c < 2 && k + c < size; ++c) {
          for (int j = 0; j < levels; ++j) {
            V& row = held_[static_cast<std::size_t>(level + j)].normals[which];
            elements(row)[k + c] = static_cast<NumberOf<V>>(pair[c][j]);
          }
        }
      }
    }
  }

  struct Held {
    std::uint64_t node = 0;  // 0 is none: the root is 1
    Row normals;
  };
  std::array<Held, static_cast<std::size_t>(depth)> held_;
#endif
};

}  // namespace detail
}  // namespace stochflow
