#pragma once

// A Brownian path on a grid, conditioned on where it ends: a Brownian bridge for `solve`. Every
// increment of the given path is shifted by the same velocity, which is the conditional law; H and
// K do not feel a shift. For questions at any time take BrownianTree::ending_at.
// Source: Kloeden and Platen 1992, section 1.8.

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "stochflow/noise/increments.hpp"

namespace stochflow {

template <class Path>
class BridgeIncrements {
 public:
  using value_type = typename Path::value_type;

  /// `path` on `grid`, given that W(grid.back()) - W(grid.front()) = end. Asks for every increment
  /// of the grid once.
  BridgeIncrements(Path path, std::span<const double> grid, const value_type& end)
      : path_(std::move(path)), velocity_(end) {
    if (grid.size() < 2 || !std::is_sorted(grid.begin(), grid.end()) ||
        grid.front() == grid.back()) {
      throw std::invalid_argument("BridgeIncrements: expected a grid of increasing times, found " +
                                  std::to_string(grid.size()) +
                                  " times that do not increase: use uniform_grid(t0, t1, n)");
    }
    for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
      const Step step{static_cast<std::int64_t>(n), grid[n], grid[n + 1] - grid[n]};
      velocity_ = velocity_ - path_.increment(step).W;
    }
    velocity_ = velocity_ / (grid.back() - grid.front());
  }

  Increment<value_type> increment(const Step& step) const {
    return shifted(path_.increment(step), step.h);
  }
  SpaceTimeIncrement<value_type> space_time_increment(const Step& step) const requires
      requires(const Path& p) {
    p.space_time_increment(step);
  }
  { return shifted(path_.space_time_increment(step), step.h); }
  SpaceTimeTimeIncrement<value_type> space_time_time_increment(const Step& step) const requires
      requires(const Path& p) {
    p.space_time_time_increment(step);
  }
  { return shifted(path_.space_time_time_increment(step), step.h); }

 private:
  template <class Increment>
  Increment shifted(Increment dB, double h) const {
    dB.W = dB.W + h * velocity_;
    return dB;
  }

  Path path_;
  value_type velocity_;
};

}  // namespace stochflow
