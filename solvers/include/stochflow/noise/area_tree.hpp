#pragma once

// A virtual Brownian tree that answers with Lévy areas, to a stated resolution: the path on
// [t0, t1] is cut into 2^level cells, a cell's area is drawn once given its (W, H), and longer
// intervals follow by Chen's relation. So the areas of a rejected step and of the steps that retry
// it agree, as its increments do. W is that of BrownianTree with the same seed and trajectory.
//
// The area between the ends of a cell is right in its first three moments and its conditional
// variance given (W, H); the law of sums over several cells is right to sampling precision. A
// question over n cells costs O(n): choose the cells about as long as the shortest step.
// For fixed grids FreshIncrements::area_increment is cheaper.

#include <sstream>
#include <stdexcept>
#include <utility>

#include "stochflow/noise/levy_area.hpp"
#include "stochflow/noise/like.hpp"
#include "stochflow/noise/tree.hpp"

namespace stochflow {

template <class V, class Area = FosterArea>
class AreaTree {
 public:
  using value_type = V;
  using Tick = typename BrownianTree<V>::Tick;

  static constexpr int depth = BrownianTree<V>::depth;
  static constexpr Tick ticks = BrownianTree<V>::ticks;

  /// Cells of length (t1 - t0) 2^-level.
  AreaTree(std::uint64_t seed,
           std::uint64_t trajectory,
           double t0,
           double t1,
           int level,
           V like = detail::default_like<V>(),
           Area area = {})
      : tree_(seed, trajectory, t0, t1, std::move(like)),
        areas_(seed, Purpose::tree_levy_area),
        trajectory_(trajectory),
        cell_(check(level)),
        area_(area) {}

  double time(Tick tick) const { return tree_.time(tick); }
  double length(Tick count) const { return tree_.length(count); }
  /// Ticks in a cell: the ends of every question must be multiples of it.
  Tick cell() const { return cell_; }

  /// (W, A) over [time(from), time(to)], 0 <= from < to <= ticks.
  AreaIncrement<V> between(Tick from, Tick to) {
    if (from % cell_ != 0 || to % cell_ != 0) {
      std::ostringstream text;
      text << "AreaTree: the interval of ticks [" << from << ", " << to
           << "] does not begin and end with a cell: take multiples of cell() = " << cell_
           << ", or a higher level";
      throw std::invalid_argument(text.str());
    }
    AreaIncrement<V> sum = cell_at(from, tree_.between(from, std::min(to, from + cell_)));
    for (Tick at = from + cell_; at < to; at += cell_) {
      sum = merge(sum, 1, cell_at(at, tree_.between(at, at + cell_)), 1);
    }
    sum.W = tree_.between(from, to).W;  // rounded as there, not as this sum
    return sum;
  }

 private:
  static Tick check(int level) {
    if (level < 0 || level > depth) {
      std::ostringstream text;
      text << "AreaTree: level " << level << " is outside [0, " << depth
           << "]; cells are (t1 - t0) 2^-level long";
      throw std::invalid_argument(text.str());
    }
    return ticks >> level;
  }

  AreaIncrement<V> cell_at(Tick at, const SpaceTimeIncrement<V>& dB) const {
    if constexpr (std::is_arithmetic_v<V>) {
      return {dB.W, V(0)};
    } else {
      // Addressed by its first tick and its level, both of which make a node of the tree.
      const auto node = static_cast<std::uint64_t>((ticks + at) / cell_);
      NormalSequence normal(areas_, trajectory_, node);
      return {dB.W, area_(length(cell_), dB, normal)};
    }
  }

  BrownianTree<V> tree_;
  RandomStream areas_;
  std::uint64_t trajectory_;
  Tick cell_;
  Area area_;
};

}  // namespace stochflow
