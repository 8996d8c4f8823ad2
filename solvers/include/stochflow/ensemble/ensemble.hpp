#pragma once

// Many trajectories of one problem: `simulate(problem, method, x0, grid, options)`. Trajectory k is
// driven by the path (seed, k) whatever thread runs it, and leaves of trajectories are reduced
// along a fixed tree, so the result is the same to the last bit for any number of threads. A
// trajectory that fails is counted and reported, and left out of the statistics; the others go on.
// A trajectory that a terminal event ends is no failure: it counts in the statistics of the save
// times before its end, and the ends themselves are counted for each event.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "stochflow/ensemble/reduction.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace detail {

/// The result of all leaves.
template <class MakeLeaf>
EnsembleResult reduce(std::int64_t leaves,
                      const EnsembleOptions& options,
                      const MakeLeaf& make_leaf) {
  if (options.reduction) return options.reduction(leaves, options, make_leaf);
  const auto report = [&](const LeafRange<EnsembleResult>& joined) {
    if (!options.progress) return;
    options.progress(std::min(joined.last() * leaf_size, options.trajectories));
  };
  return reduce_leaves<EnsembleResult>(0, leaves, options.threads, make_leaf, report).total();
}

/// Component j of a state.
template <class X>
double component(const X& x, std::size_t j) {
  if constexpr (is_number<X>) {
    return static_cast<double>(x);
  } else {
    return static_cast<double>(x[static_cast<Eigen::Index>(j)]);
  }
}

/// Every component of the state: what is observed unless something else is asked for.
struct Components {
  template <class X>
  std::vector<double> operator()(const X& x) const {
    if constexpr (requires { x.components(); }) {
      return x.components();
    } else {
      std::size_t n = 1;
      if constexpr (!is_number<X>) n = static_cast<std::size_t>(x.size());
      std::vector<double> all(n);
      for (std::size_t j = 0; j < n; ++j) all[j] = component(x, j);
      return all;
    }
  }
};

}  // namespace detail

/// Simulates `options.trajectories` trajectories from x0. observe(x) -> std::vector<double> or
/// std::array<double, n> names the quantities whose statistics are kept.
template <class P, class M, class X, class Observe, class EventList = NoEvents>
requires std::invocable<const Observe&, const X&> EnsembleResult
simulate(const P& problem,
         const M& method,
         const X& x0,
         std::span<const double> grid,
         const EnsembleOptions& options,
         const Observe& observe,
         const EventList& events = {}) {
  const std::int64_t leaves = detail::leaf_count(options);
  SolveOptions solve_options{.save_at = options.save_at};
  detail::check_times(grid, solve_options.save_at);
  if (solve_options.save_at.empty()) solve_options.save_at = {grid.back()};
  const std::size_t observables = observe(x0).size();

  const auto make_leaf = [&](std::int64_t index) {
    detail::Leaf leaf(solve_options.save_at, observables, EventList::count);
    const std::int64_t first = index * detail::leaf_size;
    const std::int64_t last = std::min(first + detail::leaf_size, options.trajectories);
    for (std::int64_t k = first; k < last; ++k) {
      NoObserver observer;
      const PathId id{options.seed, static_cast<std::uint64_t>(k)};
      const auto solution =
          detail::solve_on_path(problem, method, x0, grid, id, solve_options, observer, events);
      const bool ended = solution.outcome.status == Status::event;
      if (!solution.outcome.ok() && !ended) {
        leaf.fail(k, solution.outcome);
        continue;
      }
      for (const auto& event : solution.events) {
        const bool end = ended && &event == &solution.events.back();
        end ? leaf.end(event.event, event.t) : leaf.note(event.event, event.t);
      }
      for (std::size_t i = 0; i < solution.states.size(); ++i) {
        const auto seen = observe(solution.states[i]);
        for (std::size_t j = 0; j < observables; ++j) leaf.push(i, j, seen[j]);
      }
    }
    return leaf.finish(last - first, options);
  };
  return detail::reduce(leaves, options, make_leaf);
}

/// The same, keeping the statistics of every component of the state.
template <class P, class M, class X>
EnsembleResult simulate(const P& problem,
                        const M& method,
                        const X& x0,
                        std::span<const double> grid,
                        const EnsembleOptions& options) {
  return simulate(problem, method, x0, grid, options, detail::Components{});
}

/// The same with events.
template <class P, class M, class X, class... F>
EnsembleResult simulate(const P& problem,
                        const M& method,
                        const X& x0,
                        std::span<const double> grid,
                        const EnsembleOptions& options,
                        const Events<F...>& events) {
  return simulate(problem, method, x0, grid, options, detail::Components{}, events);
}

}  // namespace stochflow
