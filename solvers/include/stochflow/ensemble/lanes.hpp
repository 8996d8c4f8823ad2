#pragma once

// Many trajectories at the speed of the hardware: `simulate_lanes(problem, method, x0, grid,
// options)` is `simulate` with the trajectories in SIMD lanes. Trajectory k has the same path, and
// for arithmetic and square roots the same bits, as in `simulate` and in `solve`; statistics and
// failures are reported alike.
//
// The problem must take packs: drift and diffusion generic in their number type, with `select` in
// place of branches on the state (pack.hpp). The state is a number or an Eigen array of fixed size.
// Save times must lie on the grid; no events, and no method that solves equations or chooses its
// stages by the state: `simulate` has all of those.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/ensemble/lane_run.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/require.hpp"

namespace stochflow {
namespace detail {

/// The places of the save times on the grid.
inline std::vector<std::size_t> places_on_grid(std::span<const double> grid,
                                               const std::vector<double>& times) {
  std::vector<std::size_t> places;
  for (const double t : times) {
    const auto at = std::lower_bound(grid.begin(), grid.end(), t);
    if (at == grid.end() || *at != t) {
      throw std::invalid_argument(
          "simulate_lanes: the save time " + std::to_string(t) +
          " is not a point of the grid: put it there, or use simulate, which looks between");
    }
    places.push_back(static_cast<std::size_t>(at - grid.begin()));
  }
  return places;
}

}  // namespace detail

/// `simulate` in SIMD lanes. observe(x) -> std::vector<double> or, without an allocation for each
/// trajectory, std::array<double, n> names the quantities whose statistics are kept, x the state of
/// one trajectory. Another `Generator` (noise/ars.hpp) makes other paths.
template <class Generator = Philox, class P, class M, class X, class Observe>
requires std::invocable<const Observe&, const X&> EnsembleResult
simulate_lanes(const P& problem,
               const M& method,
               const X& x0,
               std::span<const double> grid,
               const EnsembleOptions& options,
               const Observe& observe) {
  detail::require_compatible<P, M>();
  const std::int64_t leaves = detail::leaf_count(options);
  std::vector<double> times = options.save_at;
  detail::check_times(grid, times);
  if (times.empty()) times = {grid.back()};
  const auto places = detail::places_on_grid(grid, times);
  const std::size_t observables = observe(x0).size();

  const auto make_leaf = [&](std::int64_t index) {
    const std::int64_t first = index * detail::leaf_size;
    const std::int64_t count = std::min(detail::leaf_size, options.trajectories - first);
    detail::Leaf leaf(times, observables, 0);
    detail::lane_leaf<Generator>(
        problem,
        method,
        x0,
        grid,
        places,
        options.seed,
        static_cast<std::uint64_t>(first),
        count,
        [&](std::int64_t, std::size_t i, const X& x) {
          if constexpr (std::is_same_v<Observe, detail::Components>) {
            for (std::size_t j = 0; j < observables; ++j) leaf.push(i, j, detail::component(x, j));
          } else {
            const auto seen = observe(x);
            for (std::size_t j = 0; j < observables; ++j) leaf.push(i, j, seen[j]);
          }
        },
        [&](std::int64_t k, const Outcome& outcome) { leaf.fail(first + k, outcome); });
    return leaf.finish(count, options);
  };
  return detail::reduce(leaves, options, make_leaf);
}

/// The same, keeping the statistics of every component of the state.
template <class Generator = Philox, class P, class M, class X>
EnsembleResult simulate_lanes(const P& problem,
                              const M& method,
                              const X& x0,
                              std::span<const double> grid,
                              const EnsembleOptions& options) {
  return simulate_lanes<Generator>(problem, method, x0, grid, options, detail::Components{});
}

}  // namespace stochflow
