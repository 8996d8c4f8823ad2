#pragma once

// Grids of times, and the check that times make sense.

#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace stochflow {

/// n equal steps from t0 to t1: times t0 + k h without accumulated rounding, the last exactly t1.
inline std::vector<double> uniform_grid(double t0, double t1, std::int64_t n) {
  if (n < 1 || !(t1 > t0) || !std::isfinite(t0) || !std::isfinite(t1)) {
    std::ostringstream text;
    text << "uniform_grid: expected t0 < t1 and at least 1 step, found t0 = " << t0
         << ", t1 = " << t1 << ", n = " << n;
    throw std::invalid_argument(text.str());
  }
  std::vector<double> grid(static_cast<std::size_t>(n) + 1);
  for (std::int64_t k = 0; k < n; ++k) {
    grid[static_cast<std::size_t>(k)] =
        t0 + (t1 - t0) * (static_cast<double>(k) / static_cast<double>(n));
  }
  grid.back() = t1;
  return grid;
}

namespace detail {

inline void check_times(std::span<const double> grid, const std::vector<double>& save_at) {
  // For each trajectory: no text until there is something to say.
  if (grid.size() < 2) {
    std::ostringstream text;
    text << "solve: the grid has " << grid.size()
         << " times, but a start and an end are needed: use uniform_grid(t0, t1, n)";
    throw std::invalid_argument(text.str());
  }
  for (std::size_t k = 0; k + 1 < grid.size(); ++k) {
    if (!(grid[k] < grid[k + 1]) || !std::isfinite(grid[k]) || !std::isfinite(grid[k + 1])) {
      std::ostringstream text;
      text << "solve: grid times must be finite and increase, but grid[" << k << "] = " << grid[k]
           << " and grid[" << k + 1 << "] = " << grid[k + 1];
      throw std::invalid_argument(text.str());
    }
  }
  for (std::size_t k = 0; k < save_at.size(); ++k) {
    const bool inside = save_at[k] >= grid.front() && save_at[k] <= grid.back();
    if (!inside || (k > 0 && !(save_at[k - 1] < save_at[k]))) {
      std::ostringstream text;
      text << "solve: save times must increase and lie in [" << grid.front() << ", " << grid.back()
           << "], but save_at[" << k << "] = " << save_at[k];
      throw std::invalid_argument(text.str());
    }
  }
}

}  // namespace detail
}  // namespace stochflow
