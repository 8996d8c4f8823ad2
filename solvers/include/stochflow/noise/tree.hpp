#pragma once

// The virtual Brownian tree: one fixed path of (W, H), or of (W, H, K), on [t0, t1] that can be
// asked for its increment over any sub-interval, in any order, as often as wanted. It is what
// adaptive steps must run on: a rejected step that is retried with half the length finds the *same*
// path, where a fresh draw would keep the increments that the error estimate happened to like (for
// one exact Gaussian score in one dimension that bias multiplies the variance by 2.7).
//
// Nothing is stored but the descent to the last query: each node's normals are a pure function of
// (seed, trajectory, node). Times are counted in ticks, (t1 - t0) 2^-30 of the interval, and the
// law of the increments between ticks is exact, with no interpolation at the leaves. Questions that
// move forward cost a constant number of normals each, on average. For fixed grids FreshIncrements
// are several times cheaper; for Lévy areas take an AreaTree.
// Source: Jelincic, Tao, Turner, Cass, Foster and Ni, arXiv 2405.06464.

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "stochflow/noise/bridge.hpp"
#include "stochflow/noise/descent_normals.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/like.hpp"

namespace stochflow {

/// Kind: SpaceTimeIncrement, or SpaceTimeTimeIncrement (another path, not the same with K added).
/// Normals: where the randomness comes from, normals(index, like) -> V.
template <class V, template <class> class Kind = SpaceTimeIncrement, class Normals = StreamNormals>
class BrownianTree {
 public:
  using value_type = V;
  using Tick = std::int64_t;

  static constexpr int depth = 30;
  static constexpr Tick ticks = Tick{1} << depth;

  /// The path of (seed, trajectory) on [t0, t1]; `like` gives the size of an Eigen array.
  BrownianTree(std::uint64_t seed,
               std::uint64_t trajectory,
               double t0,
               double t1,
               V like = detail::default_like<V>())
      : BrownianTree(Normals(seed, Bridge<Kind>::purpose, trajectory), t0, t1, std::move(like)) {}

  BrownianTree(Normals normals, double t0, double t1, V like)
      : normals_(std::move(normals)), t0_(t0), t1_(t1), like_(std::move(like)) {
    if (!(t0 < t1) || !std::isfinite(t0) || !std::isfinite(t1)) {
      std::ostringstream text;
      text << "BrownianTree: expected finite times t0 < t1, found t0 = " << t0 << ", t1 = " << t1;
      throw std::invalid_argument(text.str());
    }
    nodes_[0] = {0, Bridge<Kind>::template whole<V>(t1 - t0, NodeNormals::one(normals_, 0, like_))};
  }

  /// The path conditioned on both ends, W(t1) - W(t0) = end: a Brownian bridge, for any question.
  static BrownianTree ending_at(
      const V& end, std::uint64_t seed, std::uint64_t trajectory, double t0, double t1) {
    BrownianTree tree(seed, trajectory, t0, t1, end);
    tree.nodes_[0].increment.W = end;
    return tree;
  }

  double time(Tick tick) const {
    return tick == ticks ? t1_ : t0_ + (t1_ - t0_) * std::ldexp(static_cast<double>(tick), -depth);
  }
  /// The length in time of a number of ticks.
  double length(Tick count) const {
    return (t1_ - t0_) * std::ldexp(static_cast<double>(count), -depth);
  }

  /// The increment over [time(from), time(to)], 0 <= from < to <= ticks.
  Kind<V> between(Tick from, Tick to) {
    if (from < 0 || to > ticks || from >= to) {
      throw std::invalid_argument(
          "BrownianTree: an interval of ticks must be increasing and inside "
          "[0, 2^30]");
    }
    Sum sum{nodes_[0].increment, 0};
    collect(0, from, to, sum);
    return sum.increment;
  }

 private:
  struct Node {
    Tick index = -1;  // position among the nodes of its level; -1: not known yet
    Kind<V> increment{};
  };
  struct Sum {
    Kind<V> increment;
    Tick count;  // 0: nothing yet, the increment is without meaning
  };

  /// `goal` is a tick inside the node, towards which the descent goes.
  std::array<Kind<V>, 2> halves(const Kind<V>& whole, int level, Tick index, Tick goal) {
    return Bridge<Kind>::halves(
        whole, length(ticks >> level), node_normals_(normals_, level, index, goal, like_));
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
    const auto [first, second] = halves(node.increment, level, node.index, to < end ? to : from);
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
      // The descent has no gaps: below a node that is not known none is.
      for (auto below = static_cast<std::size_t>(level) + 1;
           below < nodes_.size() && nodes_[below].index != -1;
           ++below) {
        nodes_[below].index = -1;
      }
    }
    place = std::move(node);
  }

  using NodeNormals = detail::NodeNormals<V, Bridge<Kind>::normals, depth>;

  Normals normals_;
  NodeNormals node_normals_;
  double t0_, t1_;
  V like_;
  std::array<Node, depth + 1> nodes_{};
};

}  // namespace stochflow
