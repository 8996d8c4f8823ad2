#pragma once

// The noise of a block of trajectories that step together, in SIMD lanes: the variables of a step
// are drawn for the whole block before any trajectory takes the step (random bits first, then the
// map to normals: two short loops that keep the processor busier than one long one), and what
// neighbouring steps share is drawn once. The numbers are those of FreshIncrements.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/root.hpp"

namespace stochflow::detail {

/// The number of components of a noise variable; 0 when known at run time only.
template <class V>
inline constexpr std::size_t noise_size = 1;
template <class T, int M>
inline constexpr std::size_t noise_size<Eigen::Array<T, M, 1>> = M > 0 ? M : 0;

/// The last draw of each lane of a stream, for `packs` packs of trajectories.
template <std::size_t lanes, std::size_t packs, class Content>
class HeldDraws {
 public:
  /// Calls fill(row) unless `draw` is the one that is held.
  template <class Fill>
  void hold(std::size_t lane, std::uint64_t draw, const Fill& fill) {
    if (held_[lane] == draw) return;
    fill(content_[lane]);
    held_[lane] = draw;
  }
  const Content& at(std::size_t lane, std::size_t pack) const { return content_[lane][pack]; }
  void forget() { held_.fill(none); }

 private:
  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::array<std::uint64_t, lanes> nothing() {
    std::array<std::uint64_t, lanes> held{};
    held.fill(none);
    return held;
  }

  std::array<std::array<Content, packs>, lanes> content_;
  std::array<std::uint64_t, lanes> held_ = nothing();
};

// Flattened: inside these loops a call would cost as much as a third of what it does.

/// 128 random bits a trajectory, for each pack of numbers D. At least two registers of words at a
/// time: a generator is one long chain of operations, and two chains side by side fill the
/// processor better than one after the other.
template <class D, std::size_t packs, class Generator>
[[gnu::flatten]] void draw_words(
    const BasicRandomStream<Generator>& stream,
    std::uint64_t first,
    std::uint64_t draw,
    std::size_t lane,
    std::array<std::array<typename NoiseWords<D>::Word, 2>, packs>& row) {
  const auto numbers = stream.draw(draw, static_cast<std::uint32_t>(lane));
  const auto trajectories = [first](std::size_t p) {
    return NoiseWords<D>::trajectories(first + p * static_cast<std::uint64_t>(D::lanes));
  };
  if constexpr (std::is_same_v<typename NoiseWords<D>::Word, WordPack> && packs % 2 == 0) {
    for (std::size_t p = 0; p < packs; p += 2) {
      const auto words = numbers.words(WordPair(trajectories(p), trajectories(p + 1)));
      row[p] = {words[0].first, words[1].first};
      row[p + 1] = {words[0].second, words[1].second};
    }
  } else {
    for (std::size_t p = 0; p < packs; ++p) row[p] = numbers.words(trajectories(p));
  }
}

/// The normals of each pack of a row. In double precision a division and a root are the slowest
/// operations of the map: each belongs to another pack than what is done meanwhile.
template <class Words, std::size_t packs, class Word, class Normals>
void map_to_normals(const std::array<std::array<Word, 2>, packs>& words,
                    std::array<Normals, packs>& row) {
  if constexpr (requires { Words::begin(words[0]); }) {
    static_assert(packs >= 2);
    auto radius = Words::radius(Words::begin(words[0]));
    auto begun = Words::begin(words[1]);
    for (std::size_t p = 0; p + 2 < packs; ++p) {
      const auto later = Words::begin(words[p + 2]);
      const auto next = Words::radius(begun);
      row[p] = Words::end(radius, words[p]);
      radius = next;
      begun = later;
    }
    row[packs - 2] = Words::end(radius, words[packs - 2]);
    row[packs - 1] = Words::end(Words::radius(begun), words[packs - 1]);
  } else {
    for (std::size_t p = 0; p < packs; ++p) row[p] = Words::normals(words[p]);
  }
}

/// Standard normals shaped like V for every step.
template <class V, std::size_t packs, class Generator>
class LaneNormals {
 public:
  LaneNormals(std::uint64_t seed, Purpose purpose) : stream_(seed, purpose) {}

  void start(std::uint64_t first) {
    first_ = first;
    draws_.forget();
  }

  void prepare(std::uint64_t index) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const NormalsPlace<capacity> place(size, lane * capacity, index);
      hold(place.draw, lane);
      if (place.here() < place.count) hold(place.draw + 1, lane);
    }
  }

  V of(std::uint64_t index, std::size_t pack) const {
    const auto normals_of = [ this, pack ](std::uint64_t draw, std::size_t lane) -> const auto& {
      return draws_.at(held_at(draw, lane), pack);
    };
    return step_normals(normals_of, index, V{});
  }

 private:
  using Number = NumberOf<V>;
  using Words = NoiseWords<Number>;
  static constexpr std::size_t size = noise_size<V>, capacity = Words::normals_per_draw;
  static constexpr std::size_t lanes = (size + capacity - 1) / capacity;
  using Row = std::array<std::array<Number, capacity>, packs>;

  /// Two draws of the last lane are held where a step may need two.
  static constexpr std::size_t held_at(std::uint64_t draw, std::size_t lane) {
    return straddles<capacity>(size) && lane + 1 == lanes ? lane + draw % 2 : lane;
  }
  void hold(std::uint64_t draw, std::size_t lane) {
    draws_.hold(held_at(draw, lane), draw, [&](auto& row) { draw_normals(draw, lane, row); });
  }

  [[gnu::flatten]] void draw_normals(std::uint64_t draw, std::size_t lane, Row& row) const {
    std::array<std::array<typename Words::Word, 2>, packs> words;
    draw_words<Number>(stream_, first_, draw, lane, words);
    map_to_normals<Words>(words, row);
  }

  BasicRandomStream<Generator> stream_;
  std::uint64_t first_ = 0;
  HeldDraws<lanes + straddles<capacity>(size), packs, std::array<Number, capacity>> draws_;
};

/// The words behind two- and three-point variables; `capacity` components fit into one draw.
template <class V, std::size_t packs, class Generator, std::size_t capacity>
class LaneWords {
 public:
  LaneWords(std::uint64_t seed, Purpose purpose) : stream_(seed, purpose) {}

  void start(std::uint64_t first) {
    first_ = first;
    words_.forget();
  }
  void prepare(std::uint64_t index) {
    const std::uint64_t draw = SharedDraw<capacity>(noise_size<V>, index).index;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      words_.hold(lane, draw, [&](auto& row) {
        draw_words<NumberOf<V>>(stream_, first_, draw, lane, row);
      });
    }
  }
  auto of(std::size_t pack) const {
    return [ this, pack ](std::uint64_t, std::size_t lane) -> const auto& {
      return words_.at(lane, pack);
    };
  }

 private:
  static constexpr std::size_t lanes = (noise_size<V> + capacity - 1) / capacity;

  BasicRandomStream<Generator> stream_;
  std::uint64_t first_ = 0;
  HeldDraws<lanes, packs, std::array<typename NoiseWords<NumberOf<V>>::Word, 2>> words_;
};

/// The noise of a block, by what a method needs; increment_for asks `at(pack)` as it asks any path.
template <NoiseInput needs, class V, std::size_t packs, class Generator = Philox>
class LaneNoise {
  static_assert(needs == NoiseInput::W || needs == NoiseInput::WH || needs == NoiseInput::WHK);

 public:
  explicit LaneNoise(std::uint64_t seed)
      : W_(seed, Purpose::increments),
        H_(seed, Purpose::space_time_area),
        K_(seed, Purpose::space_time_time_area) {}

  void start(std::uint64_t first) {
    each([first](auto& part) { part.start(first); });
  }
  void prepare(const Step& step) {
    each([&](auto& part) { part.prepare(static_cast<std::uint64_t>(step.index)); });
  }

  struct Path {
    using value_type = V;
    const LaneNoise& noise;
    std::size_t pack;
    Increment<V> increment(const Step& step) const {
      return scaled(step.h, noise.W_.of(index(step), pack));
    }
    SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
      return scaled(step.h, noise.W_.of(index(step), pack), noise.H_.of(index(step), pack));
    }
    SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
      return scaled(step.h,
                    noise.W_.of(index(step), pack),
                    noise.H_.of(index(step), pack),
                    noise.K_.of(index(step), pack));
    }
  };
  Path at(std::size_t pack) const { return {*this, pack}; }

 private:
  static std::uint64_t index(const Step& step) { return static_cast<std::uint64_t>(step.index); }
  template <class F>
  void each(const F& f) {
    f(W_);
    if constexpr (needs != NoiseInput::W) f(H_);
    if constexpr (needs == NoiseInput::WHK) f(K_);
  }

  struct Unused {
    Unused(std::uint64_t, Purpose) {}
    V of(std::uint64_t, std::size_t) const { return V{}; }
  };
  using Normals = LaneNormals<V, packs, Generator>;
  Normals W_;
  std::conditional_t<needs == NoiseInput::W, Unused, Normals> H_;
  std::conditional_t<needs == NoiseInput::WHK, Normals, Unused> K_;
};

template <class V, std::size_t packs, class Generator>
class LaneNoise<NoiseInput::two_point, V, packs, Generator> {
 public:
  explicit LaneNoise(std::uint64_t seed) : words_(seed, Purpose::two_point) {}
  void start(std::uint64_t first) { words_.start(first); }
  void prepare(const Step& step) { words_.prepare(static_cast<std::uint64_t>(step.index)); }

  struct Path {
    using value_type = V;
    const LaneNoise& noise;
    std::size_t pack;
    TwoPointIncrement<V> two_point_increment(const Step& step) const {
      return {random_signs(
          noise.words_.of(pack), static_cast<std::uint64_t>(step.index), root(step.h), V{})};
    }
  };
  Path at(std::size_t pack) const { return {*this, pack}; }

 private:
  LaneWords<V, packs, Generator, 128> words_;
};

template <class V, std::size_t packs, class Generator>
class LaneNoise<NoiseInput::three_point, V, packs, Generator> {
 public:
  explicit LaneNoise(std::uint64_t seed) : words_(seed, Purpose::three_point) {}
  void start(std::uint64_t first) { words_.start(first); }
  void prepare(const Step& step) { words_.prepare(static_cast<std::uint64_t>(step.index)); }

  struct Path {
    using value_type = V;
    const LaneNoise& noise;
    std::size_t pack;
    ThreePointIncrement<V> three_point_increment(const Step& step) const {
      return three_point_variables(
          noise.words_.of(pack), static_cast<std::uint64_t>(step.index), step.h, V{});
    }
  };
  Path at(std::size_t pack) const { return {*this, pack}; }

 private:
  LaneWords<V, packs, Generator, 4> words_;
};

/// Nothing to gain here: areas are drawn trajectory by trajectory.
template <class V, std::size_t packs, class Generator>
class LaneNoise<NoiseInput::WA, V, packs, Generator> {
 public:
  explicit LaneNoise(std::uint64_t seed) : seed_(seed) {}
  void start(std::uint64_t first) { first_ = first; }
  void prepare(const Step&) {}
  FreshIncrements<V, MrongowiusRoesslerArea, Generator> at(std::size_t pack) const {
    return {seed_, first_ + pack * static_cast<std::uint64_t>(NumberOf<V>::lanes)};
  }

 private:
  std::uint64_t seed_, first_ = 0;
};

}  // namespace stochflow::detail
