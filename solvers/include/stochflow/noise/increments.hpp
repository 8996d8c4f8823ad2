#pragma once

// Brownian paths on a grid of steps. A path answers one question, "what is the increment over this
// step", as a pure function of (seed, trajectory, component, step): asking twice, in any order, on
// any thread gives the same answer. For fixed grids take FreshIncrements; to run one path at
// several step sizes wrap it in Coarsened; to feed known numbers use PrescribedIncrements.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/noise/discrete.hpp"
#include "stochflow/noise/float_normals.hpp"
#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/levy_area.hpp"
#include "stochflow/noise/like.hpp"
#include "stochflow/noise/normal.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/unroll.hpp"

namespace stochflow {

/// Fills a noise variable (a number or an Eigen array) with standard normals.
template <class V>
V standard_normals(const RandomStream& stream,
                   std::uint64_t trajectory,
                   std::uint64_t index,
                   V like) {
  if constexpr (is_number<V>) {
    return normal(stream, trajectory, index);
  } else {
    fill_normals(
        stream, trajectory, index, std::span(like.data(), static_cast<std::size_t>(like.size())));
    return like;
  }
}

namespace detail {

/// Where the normals of components k, k + 1, ... of a step lie when a draw holds `capacity` of
/// them. What is left over at the end (the only component of scalar noise, the last of an odd
/// number) shares draws with neighbouring steps, so that a run of many trajectories need not
/// throw normals away: two steps of one component a draw of two, four steps of three components
/// three draws of four. Then a step may begin in one draw and end in the next.
template <std::size_t capacity>
struct NormalsPlace {
  std::uint64_t draw;
  std::size_t first = 0, count = capacity;

  constexpr NormalsPlace(std::size_t components, std::size_t k, std::uint64_t step) : draw(step) {
    if (components - k >= capacity) return;
    count = components - k;
    const std::size_t steps = capacity / std::gcd(count, capacity);
    const std::size_t before = step % steps * count;
    draw = step - step % steps + before / capacity;
    first = before % capacity;
  }
  /// How many of the `count` lie in `draw`; the others begin the next one.
  constexpr std::size_t here() const { return std::min(count, capacity - first); }
};
/// Whether the last `components` of a step ever end in another draw than they begin in.
template <std::size_t capacity>
constexpr bool straddles(std::size_t components) {
  return components % capacity != 0 && !std::has_single_bit(components % capacity);
}

}  // namespace detail

/// The normals of step `step` out of draws, normals_of(draw, lane) -> those of 128 bits.
template <class Draws, class Number>
void fill_step_normals(const Draws& normals_of, std::uint64_t step, std::span<Number> out) {
  constexpr std::size_t capacity =
      std::tuple_size_v<std::decay_t<decltype(normals_of(step, std::size_t{}))>>;
  for (std::size_t k = 0; k < out.size(); k += capacity) {
    const detail::NormalsPlace<capacity> place(out.size(), k, step);
    const std::size_t here = place.here();
    const auto& normals = normals_of(place.draw, k / capacity);
    detail::unroll<capacity>([&](auto j) {
      if (j < here) out[k + j] = static_cast<Number>(normals[place.first + j]);
    });
    if (here == place.count) continue;
    const auto& rest = normals_of(place.draw + 1, k / capacity);
    detail::unroll<capacity>([&](auto j) {
      if (here + j < place.count) out[k + here + j] = static_cast<Number>(rest[j]);
    });
  }
}
template <class V, class Draws>
V step_normals(const Draws& normals_of, std::uint64_t step, V like) {
  fill_step_normals(normals_of, step, detail::elements(like));
  return like;
}

namespace detail {

// Increments over a step of length h from standard normals.
template <class V>
Increment<V> scaled(double h, const V& W) {
  return {V(NumberOf<V>(root(h)) * W)};
}
template <class V>
SpaceTimeIncrement<V> scaled(double h, const V& W, const V& H) {
  return {V(NumberOf<V>(root(h)) * W), V(NumberOf<V>(root(h / 12)) * H)};
}
template <class V>
SpaceTimeTimeIncrement<V> scaled(double h, const V& W, const V& H, const V& K) {
  return {V(NumberOf<V>(root(h)) * W),
          V(NumberOf<V>(root(h / 12)) * H),
          V(NumberOf<V>(root(h / 720)) * K)};
}

}  // namespace detail

/// Independent increments, drawn when asked for and never stored.
/// V is a number (one Brownian motion) or an Eigen array; `like` gives its size. With packs
/// (noise/lane_normals.hpp) lane l is trajectory `trajectory` + l. `Area` is one of
/// the kinds of noise/levy_area.hpp. `Generator` makes the bits of all variables but Levy areas and
/// bridges.
template <class V, class Area = MrongowiusRoesslerArea, class Generator = Philox>
class FreshIncrements {
 public:
  using value_type = V;

  FreshIncrements(std::uint64_t seed,
                  std::uint64_t trajectory,
                  V like = detail::default_like<V>(),
                  Area area = {})
      : increments_(seed, Purpose::increments),
        areas_(seed, Purpose::space_time_area),
        time_areas_(seed, Purpose::space_time_time_area),
        two_points_(seed, Purpose::two_point),
        three_points_(seed, Purpose::three_point),
        levy_areas_(seed, Purpose::levy_area),
        bridge_(seed, Purpose::bridge),
        trajectory_(trajectory),
        like_(std::move(like)),
        area_(area) {}

  Increment<V> increment(const Step& step) const {
    return detail::scaled(step.h, normals(increments_, step));
  }
  SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
    return detail::scaled(step.h, normals(increments_, step), normals(areas_, step));
  }
  SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
    return detail::scaled(
        step.h, normals(increments_, step), normals(areas_, step), normals(time_areas_, step));
  }

  /// The increment of `increment` with Lévy areas. Given H too, the areas have the right law for
  /// the kinds that use H only; no method needs both.
  AreaIncrement<V> area_increment(const Step& step) const {
    if constexpr (is_number<V>) {
      return {increment(step).W, V(0)};
    } else if constexpr (requires { NumberOf<V>::lanes; }) {
      return area_increments_by_lanes(step);
    } else {
      NormalSequence normal(levy_areas_, trajectory_, static_cast<std::uint64_t>(step.index));
      if constexpr (Area::needs_H) {
        const auto dB = space_time_increment(step);
        return {dB.W, area_(step.h, dB, normal)};
      } else {
        const auto dB = increment(step);
        return {dB.W, area_(step.h, dB, normal)};
      }
    }
  }

  /// These two are right in law only: they have nothing to do with the path of `increment`.
  TwoPointIncrement<V> two_point_increment(const Step& step) const {
    return {random_signs(
        words(two_points_), static_cast<std::uint64_t>(step.index), detail::root(step.h), like_)};
  }
  ThreePointIncrement<V> three_point_increment(const Step& step) const {
    return three_point_variables(
        words(three_points_), static_cast<std::uint64_t>(step.index), step.h, like_);
  }

  /// The `ordinal`-th normals for what happens inside a step (see noise/step_path.hpp).
  V bridge_normals(const Step& step, std::uint32_t ordinal) const {
    // The index holds 2^32 steps of 2^32 ordinals each.
    const auto index = static_cast<std::uint64_t>(step.index) << 32;
    return standard_normals(bridge_, trajectory_, index + ordinal, like_);
  }

 private:
  using Words = NoiseWords<NumberOf<V>>;

  /// Trajectory by trajectory: the cost is in the sampling of the area itself, and so the call is
  /// left out of what ensembles inline.
  [[gnu::noinline]] AreaIncrement<V> area_increments_by_lanes(const Step& step) const {
    using One = decltype(lane(like_, 0));
    AreaIncrement<V> all{like_, {}};
    all.A.resize(like_.size(), like_.size());
    for (int l = 0; l < NumberOf<V>::lanes; ++l) {
      const FreshIncrements<One, Area, Generator> path(
          increments_.seed(), trajectory_ + static_cast<std::uint64_t>(l), lane(like_, l), area_);
      const auto one = path.area_increment(step);
      for (Eigen::Index k = 0; k < one.W.size(); ++k) all.W[k].set(l, one.W[k]);
      for (Eigen::Index k = 0; k < one.A.size(); ++k) all.A.data()[k].set(l, one.A.data()[k]);
    }
    return all;
  }

  /// The words of a stream, by draw and lane.
  auto words(const BasicRandomStream<Generator>& stream) const {
    return [&stream, trajectories = Words::trajectories(trajectory_)](std::uint64_t draw,
                                                                      std::size_t lane) {
      return stream.words(trajectories, draw, static_cast<std::uint32_t>(lane));
    };
  }
  V normals(const BasicRandomStream<Generator>& stream, const Step& step) const {
    const auto draws = [words = words(stream)](std::uint64_t draw, std::size_t lane) {
      return Words::normals(words(draw, lane));
    };
    return step_normals(draws, static_cast<std::uint64_t>(step.index), like_);
  }

  BasicRandomStream<Generator> increments_, areas_, time_areas_, two_points_, three_points_;
  RandomStream levy_areas_, bridge_;
  std::uint64_t trajectory_;
  V like_;
  Area area_;
};

/// The same path seen with steps `factor` times as long: the exact sum of the fine increments
/// (Chen's relation for H, K and the Lévy areas).
template <class Path>
class Coarsened {
 public:
  using value_type = typename Path::value_type;

  Coarsened(Path path, std::int64_t factor) : path_(std::move(path)), factor_(factor) {
    if (factor < 1) {
      throw std::invalid_argument("Coarsened: factor is " + std::to_string(factor) +
                                  ", but must be at least 1");
    }
  }

  Increment<value_type> increment(const Step& step) const {
    return sum(step, [&](const Step& fine) { return path_.increment(fine); });
  }
  SpaceTimeIncrement<value_type> space_time_increment(const Step& step) const {
    return sum(step, [&](const Step& fine) { return path_.space_time_increment(fine); });
  }
  SpaceTimeTimeIncrement<value_type> space_time_time_increment(const Step& step) const requires
      requires(const Path& p) {
    p.space_time_time_increment(step);
  }
  {
    return sum(step, [&](const Step& fine) { return path_.space_time_time_increment(fine); });
  }
  AreaIncrement<value_type> area_increment(const Step& step) const requires
      requires(const Path& p) {
    p.area_increment(step);
  }
  {
    return sum(step, [&](const Step& fine) { return path_.area_increment(fine); });
  }

 private:
  template <class Fine>
  auto sum(const Step& step, const Fine& fine) const {
    const double h = step.h / static_cast<double>(factor_);
    auto total = fine({step.index * factor_, step.t, h});
    for (std::int64_t j = 1; j < factor_; ++j) {
      const auto done = static_cast<double>(j);
      total = merge(total, done * h, fine({step.index * factor_ + j, step.t + done * h, h}), h);
    }
    return total;
  }

  Path path_;
  std::int64_t factor_;
};

/// Increments given in advance, one a step: for tests, for replaying a recorded path, and for
/// driving an equation with data.
template <class V>
class PrescribedIncrements {
 public:
  using value_type = V;

  explicit PrescribedIncrements(std::vector<V> increments) : increments_(std::move(increments)) {}

  Increment<V> increment(const Step& step) const {
    if (step.index < 0 || static_cast<std::size_t>(step.index) >= increments_.size()) {
      throw std::invalid_argument("PrescribedIncrements: step " + std::to_string(step.index) +
                                  " was asked for, but only " + std::to_string(increments_.size()) +
                                  " increments were given: give one for each step of the grid");
    }
    return {increments_[static_cast<std::size_t>(step.index)]};
  }

 private:
  std::vector<V> increments_;
};

/// A noise variable of the shape that `problem` needs at state x: a number for scalar noise and
/// scalar states, [M] for a diffusion matrix [N, M], otherwise like x.
template <class P, class X>
auto noise_like(const P& problem, const X& x, double t) {
  using G = std::decay_t<decltype(problem.diffusion(x, t))>;
  if constexpr (is_number<X> || P::noise == Noise::scalar) {
    return NumberOf<X>(0.0);
  } else if constexpr (MatrixExpression<G>) {
    using Noises = Vector<typename X::Scalar, G::ColsAtCompileTime>;
    return Noises(Noises::Zero(problem.diffusion(x, t).cols()));
  } else {
    return X(X::Zero(x.size()));
  }
}

/// The Brownian path that drives `problem` from x0: independent increments for every
/// (seed, trajectory).
template <class P, class X>
auto brownian_path(
    const P& problem, const X& x0, double t0, std::uint64_t seed, std::uint64_t trajectory = 0) {
  auto like = noise_like(problem, x0, t0);
  return FreshIncrements<decltype(like)>(seed, trajectory, std::move(like));
}

}  // namespace stochflow
