#pragma once

// The virtual Brownian tree: one fixed path of (W, H) on [t0, t1] that can be asked for its
// increment over any sub-interval, in any order, as often as wanted. It is what adaptive steps must
// run on: a rejected step that is retried with half the length finds the *same* path, where a fresh
// draw would keep the increments that the error estimate happened to like (for one exact Gaussian
// score in one dimension that bias multiplies the variance by 2.7).
//
// Nothing is stored but the descent to the last query: each node's normals are a pure function of
// (seed, trajectory, node). Times are counted in ticks, (t1 - t0) 2^-30 of the interval, and the
// law of the increments between ticks is exact, with no interpolation at the leaves. For fixed
// grids FreshIncrements are several times cheaper. Source: Jelincic, Tao, Turner, Cass, Foster and
// Ni, arXiv 2405.06464, (W, H) version.

#include <array>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "stochflow/noise/increments.hpp"

namespace stochflow {

template <class V>
class BrownianTree {
 public:
  using value_type = V;
  using Tick = std::int64_t;

  static constexpr int depth = 30;
  static constexpr Tick ticks = Tick{1} << depth;

  /// The path of (seed, trajectory) on [t0, t1]; `like` gives the size of an Eigen array.
  BrownianTree(std::uint64_t seed, std::uint64_t trajectory, double t0, double t1, V like = V{})
      : normals_(seed, Purpose::tree), trajectory_(trajectory), t0_(t0), t1_(t1), like_(like) {
    if (!(t0 < t1) || !std::isfinite(t0) || !std::isfinite(t1)) {
      std::ostringstream text;
      text << "BrownianTree: expected finite times t0 < t1, found t0 = " << t0 << ", t1 = " << t1;
      throw std::invalid_argument(text.str());
    }
    nodes_[0] = {0, root()};
  }

  double time(Tick tick) const {
    return tick == ticks ? t1_ : t0_ + (t1_ - t0_) * std::ldexp(static_cast<double>(tick), -depth);
  }
  /// The length in time of a number of ticks.
  double length(Tick count) const {
    return (t1_ - t0_) * std::ldexp(static_cast<double>(count), -depth);
  }

  /// (W, H) over [time(from), time(to)], 0 <= from < to <= ticks.
  SpaceTimeIncrement<V> between(Tick from, Tick to) {
    if (from < 0 || to > ticks || from >= to) {
      throw std::invalid_argument(
          "BrownianTree: an interval of ticks must be increasing and inside "
          "[0, 2^30]");
    }
    Sum sum{{like_ * 0.0, like_ * 0.0}, 0};
    collect(0, from, to, sum);
    return sum.increment;
  }

 private:
  struct Node {
    Tick index = -1;  // position among the nodes of its level; -1: not known yet
    SpaceTimeIncrement<V> increment{};
  };
  struct Sum {
    SpaceTimeIncrement<V> increment;
    Tick count;
  };

  V draw(std::uint64_t node, int which) const {
    return standard_normals(
        normals_, trajectory_, 2 * node + static_cast<std::uint64_t>(which), like_);
  }

  SpaceTimeIncrement<V> root() const {
    const double h = t1_ - t0_;
    return {V(std::sqrt(h) * draw(0, 0)), V(std::sqrt(h / 12) * draw(0, 1))};
  }

  /// The two halves of an interval of length h given its (W, H):
  ///   W = W/2 +- (3/2 H + z),  H = H/4 - z/2 +- n/2,  z ~ N(0, h/16), n ~ N(0, h/12).
  std::pair<SpaceTimeIncrement<V>, SpaceTimeIncrement<V>> halves(const SpaceTimeIncrement<V>& whole,
                                                                 int level,
                                                                 Tick index) const {
    const double h = length(ticks >> level);
    const auto node = (std::uint64_t{1} << level) | static_cast<std::uint64_t>(index);
    const V z = (std::sqrt(h) / 4) * draw(node, 0);
    const V n = std::sqrt(h / 12) * draw(node, 1);
    const V lean = 1.5 * whole.H + z;
    const V area = 0.25 * whole.H - 0.5 * z;
    return {{V(0.5 * whole.W + lean), V(area + 0.5 * n)},
            {V(0.5 * whole.W - lean), V(area - 0.5 * n)}};
  }

  /// Adds the part of the known node at `level` that lies in [from, to), left to right. The child
  /// visited last stays in nodes_, so that queries which move forward descend a few levels only.
  void collect(int level, Tick from, Tick to, Sum& sum) {
    const Node node = nodes_[static_cast<std::size_t>(level)];
    const Tick size = ticks >> level, begin = node.index * size, end = begin + size;
    if (from <= begin && end <= to) {
      const auto h = [](Tick count) { return static_cast<double>(count); };
      sum.increment = sum.count == 0 ? node.increment
                                     : merge(sum.increment, h(sum.count), node.increment, h(size));
      sum.count += size;
      return;
    }
    Node& child = nodes_[static_cast<std::size_t>(level) + 1];
    const Tick middle = begin + size / 2;
    const bool left = from<middle, right = to> middle;
    if (left != right && child.index == 2 * node.index + (right ? 1 : 0)) {
      collect(level + 1, from, to, sum);  // the cached child is the one needed
      return;
    }
    const auto [first, second] = halves(node.increment, level, node.index);
    if (left) {
      enter(level + 1, {2 * node.index, first});
      collect(level + 1, from, to, sum);
    }
    if (right) {
      enter(level + 1, {2 * node.index + 1, second});
      collect(level + 1, from, to, sum);
    }
  }

  /// Puts a node on the remembered descent; what was remembered below another node is forgotten.
  void enter(int level, Node node) {
    Node& place = nodes_[static_cast<std::size_t>(level)];
    if (place.index != node.index) {
      for (std::size_t below = static_cast<std::size_t>(level) + 1; below < nodes_.size();
           ++below) {
        nodes_[below].index = -1;
      }
    }
    place = std::move(node);
  }

  RandomStream normals_;
  std::uint64_t trajectory_;
  double t0_, t1_;
  V like_;
  std::array<Node, depth + 1> nodes_{};
};

}  // namespace stochflow
