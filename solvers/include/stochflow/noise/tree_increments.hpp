#pragma once

// A virtual Brownian tree as the path of a fixed grid, for `solve`: to compare fixed with adaptive
// steps, or several grids, on one path. Grid times are rounded to the ticks of the tree,
// (t1 - t0) 2^-30. What a step may ask for is what the tree has: (W, H), (W, H, K), or Lévy areas
// from an AreaTree. The tree remembers its last descent, so an object serves one thread.

#include <cmath>
#include <utility>

#include "stochflow/noise/increments.hpp"

namespace stochflow {

template <class Tree>
class TreeIncrements {
 public:
  using value_type = typename Tree::value_type;

  explicit TreeIncrements(Tree tree) : tree_(std::move(tree)) {}

  Increment<value_type> increment(const Step& step) const { return {over(step).W}; }
  SpaceTimeIncrement<value_type> space_time_increment(const Step& step) const requires
      requires(Tree& tree) {
    tree.between(0, 1).H;
  }
  {
    const auto dB = over(step);
    return {dB.W, dB.H};
  }
  SpaceTimeTimeIncrement<value_type> space_time_time_increment(const Step& step) const requires
      requires(Tree& tree) {
    tree.between(0, 1).K;
  }
  { return over(step); }
  AreaIncrement<value_type> area_increment(const Step& step) const requires requires(Tree& tree) {
    tree.between(0, 1).A;
  }
  { return over(step); }

 private:
  auto over(const Step& step) const { return tree_.between(tick(step.t), tick(step.t + step.h)); }
  typename Tree::Tick tick(double t) const {
    return std::llround((t - tree_.time(0)) / tree_.length(1));
  }

  mutable Tree tree_;
};

}  // namespace stochflow
