#pragma once

// The Brownian path inside one step of a grid, conditional on what the step itself got. StepPath
// answers for any time in any order, always the same; StepBridge goes from left to right, for paths
// that have no space-time area (batches of tensors).

#include <cmath>
#include <cstdint>
#include <utility>

#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/split.hpp"

namespace stochflow::detail {

/// (W, H) from the start of `step` to points inside it, as a function of the time alone: a dyadic
/// tree of depth 30 below the step's own (W, H), and an exact split of its last cell. (Two times
/// within one such cell, h 2^-30, do not know of each other.)
template <class V, class Path>
class StepPath {
 public:
  StepPath(const Path& path, const Step& step)
      : path_(path), step_(step), whole_(path.space_time_increment(step)) {}

  /// The increment over [t, t + s], 0 < s <= h.
  SpaceTimeIncrement<V> to(double s) const {
    if (s >= step_.h) return whole_;
    SpaceTimeIncrement<V> node = whole_, left{V(whole_.W * 0.0), V(whole_.W * 0.0)};
    // The node covers [begin, begin + size] of the step; left covers [0, begin].
    const double target = s / step_.h;
    double begin = 0, size = 1;
    std::uint32_t index = 1;
    const auto part = [&](double l, double r) {
      return split(node,
                   step_.h * l,
                   step_.h * r,
                   V(path_.bridge_normals(step_, 2 * index)),
                   V(path_.bridge_normals(step_, 2 * index + 1)));
    };
    const auto append = [&](const SpaceTimeIncrement<V>& next, double length) {
      left = begin == 0 ? next : merge(left, begin, next, length);
      begin += length;
    };
    for (int level = 0; level < 30 && begin < target; ++level) {
      size *= 0.5;
      auto [first, second] = part(size, size);
      const bool right = target >= begin + size;
      if (right) append(first, size);
      node = right ? std::move(second) : std::move(first);
      index = 2 * index + (right ? 1 : 0);
    }
    const double rest = target - begin;
    if (rest > 0) append(part(rest, size - rest).first, rest);
    return left;
  }

 private:
  const Path& path_;
  Step step_;
  SpaceTimeIncrement<V> whole_;
};

/// W from the start of `step` to points inside it, left to right, conditional on the whole
/// increment (Lévy's bridge).
template <class V, class Path>
class StepBridge {
 public:
  StepBridge(const Path& path, const Step& step, const Increment<V>& whole)
      : path_(path), step_(step), whole_(whole), W_(V(whole.W * 0.0)) {}

  /// W(t + s) - W(t) for s larger than at the previous call and smaller than h.
  Increment<V> to(double s) {
    const double left = s - s_, right = step_.h - s, length = step_.h - s_;
    W_ = V(W_ + (left / length) * (whole_.W - W_) +
           std::sqrt(left * right / length) * path_.bridge_normals(step_, ordinal_++));
    s_ = s;
    return {W_};
  }

 private:
  const Path& path_;
  const Step& step_;
  const Increment<V>& whole_;
  double s_ = 0;
  V W_;
  int ordinal_ = 0;
};

/// Whether the state between two grid points can be had for method M on a path: the law of what it
/// needs must be known given the whole step.
template <class M, class Path>
inline constexpr bool refines_exactly = (M::facts.needs == NoiseInput::W ||
                                         M::facts.needs == NoiseInput::WH) &&
                                        requires(const Path& path, const Step& step) {
  path.space_time_increment(step);
  path.bridge_normals(step, 1u);
};
template <class M, class Path>
inline constexpr bool refines_in_order = M::facts.needs ==
                                         NoiseInput::W&& requires(const Path& path,
                                                                  const Step& step) {
  path.bridge_normals(step, 0);
};

}  // namespace stochflow::detail
