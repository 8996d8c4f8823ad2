#pragma once

// Statistics of one's own choice over an ensemble: `summarise(empty, problem, method, x0, grid,
// options, observe)` runs the trajectories of `simulate` (`summarise_lanes`: those of
// `simulate_lanes`) and gives what observe(x) returns at each save time to a copy of the
// accumulator `empty`. Leaves are merged along the aligned tree, so the result is the same to the
// last bit for any number of threads, in bounded memory. An accumulator has
//
//   add(std::span<const double> observed)     one trajectory
//   merge(const A& next)                      the trajectories that follow
//
// and starts out empty. There are Covariance, and Each{...} of what takes single numbers: Moments,
// Histogram, QuantileSketch. Several at once: Together{...}. For means, variances and quantiles
// `simulate` is simpler, and takes checkpoints and ranks.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "stochflow/ensemble/covariance.hpp"
#include "stochflow/ensemble/histogram.hpp"
#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/quantile_sketch.hpp"

namespace stochflow {

/// A copy of an accumulator of numbers for each observable.
template <class A>
class Each {
 public:
  explicit Each(A empty = A()) : empty_(std::move(empty)) {}

  void add(std::span<const double> observed) {
    if (parts_.size() < observed.size()) parts_.resize(observed.size(), empty_);
    for (std::size_t j = 0; j < observed.size(); ++j) parts_[j].add(observed[j]);
  }
  void merge(const Each& next) {
    if (parts_.size() < next.parts_.size()) parts_.resize(next.parts_.size(), empty_);
    for (std::size_t j = 0; j < next.parts_.size(); ++j) parts_[j].merge(next.parts_[j]);
  }
  std::size_t size() const { return parts_.size(); }
  const A& operator[](std::size_t j) const { return parts_.at(j); }

 private:
  A empty_;
  std::vector<A> parts_;
};

/// Several accumulators of the same observables: part<k>() is the k-th.
template <class... A>
class Together {
 public:
  explicit Together(A... empty) : parts_(std::move(empty)...) {}

  void add(std::span<const double> observed) {
    std::apply([&](auto&... part) { (part.add(observed), ...); }, parts_);
  }
  void merge(const Together& next) { merge_each(next, std::index_sequence_for<A...>{}); }
  template <std::size_t k>
  const auto& part() const {
    return std::get<k>(parts_);
  }

 private:
  template <std::size_t... k>
  void merge_each(const Together& next, std::index_sequence<k...>) {
    (std::get<k>(parts_).merge(std::get<k>(next.parts_)), ...);
  }
  std::tuple<A...> parts_;
};

template <class A>
struct Summary {
  std::vector<double> times;
  std::vector<A> at;  // [times]
  std::int64_t trajectories = 0;
  std::int64_t failures = 0;                     // trajectories left out
  std::vector<FailedTrajectory> first_failures;  // at most EnsembleResult::max_listed_failures

  void fail(std::int64_t trajectory, const Outcome& outcome) {
    ++failures;
    if (first_failures.size() < EnsembleResult::max_listed_failures) {
      first_failures.push_back({trajectory, outcome});
    }
  }
  /// Adds the trajectories that follow.
  void merge(const Summary& next) {
    if (next.trajectories == 0) return;
    if (trajectories == 0) {
      *this = next;
      return;
    }
    for (std::size_t i = 0; i < at.size(); ++i) at[i].merge(next.at[i]);
    trajectories += next.trajectories;
    failures += next.failures;
    for (const FailedTrajectory& f : next.first_failures) {
      if (first_failures.size() < EnsembleResult::max_listed_failures) first_failures.push_back(f);
    }
  }
};

namespace detail {

/// Whatever fills the leaves: make(first, count, leaf).
template <class A, class Make>
Summary<A> summary_of_leaves(const A& empty,
                             std::vector<double> times,
                             const EnsembleOptions& options,
                             const Make& make) {
  const auto make_leaf = [&](std::int64_t index) {
    Summary<A> leaf;
    leaf.times = times;
    leaf.at.assign(times.size(), empty);
    const std::int64_t first = index * leaf_size;
    leaf.trajectories = std::min(leaf_size, options.trajectories - first);
    make(first, leaf);
    return leaf;
  };
  const auto report = [&](const auto& joined) {
    if (!options.progress) return;
    options.progress(std::min(joined.last() * leaf_size, options.trajectories));
  };
  return reduce_leaves<Summary<A>>(0, leaf_count(options), options.threads, make_leaf, report)
      .total();
}

inline std::vector<double> times_to_save(std::span<const double> grid,
                                         const EnsembleOptions& options) {
  check_times(grid, options.save_at);
  return options.save_at.empty() ? std::vector{grid.back()} : options.save_at;
}

/// Trajectories from `offset` on.
template <class A, class P, class M, class X, class Observe>
Summary<A> summarise_from(std::uint64_t offset,
                          const A& empty,
                          const P& problem,
                          const M& method,
                          const X& x0,
                          std::span<const double> grid,
                          const EnsembleOptions& options,
                          const Observe& observe) {
  const auto times = times_to_save(grid, options);
  const auto make = [&](std::int64_t first, Summary<A>& leaf) {
    for (std::int64_t k = first; k < first + leaf.trajectories; ++k) {
      const PathId id{options.seed, offset + static_cast<std::uint64_t>(k)};
      const auto run = solve(problem, method, x0, grid, id, {.save_at = times});
      if (!run.outcome.ok()) {
        leaf.fail(k, run.outcome);
        continue;
      }
      for (std::size_t i = 0; i < times.size(); ++i) leaf.at[i].add(observe(run.states[i]));
    }
  };
  return summary_of_leaves(empty, times, options, make);
}

template <class A, class P, class M, class X, class Observe>
Summary<A> summarise_lanes_from(std::uint64_t offset,
                                const A& empty,
                                const P& problem,
                                const M& method,
                                const X& x0,
                                std::span<const double> grid,
                                const EnsembleOptions& options,
                                const Observe& observe) {
  require_compatible<P, M>();
  const auto times = times_to_save(grid, options);
  const auto places = places_on_grid(grid, times);
  const auto make = [&](std::int64_t first, Summary<A>& leaf) {
    lane_leaf<Philox>(
        problem,
        method,
        x0,
        grid,
        places,
        options.seed,
        offset + static_cast<std::uint64_t>(first),
        leaf.trajectories,
        [&](std::int64_t, std::size_t i, const X& x) { leaf.at[i].add(observe(x)); },
        [&](std::int64_t k, const Outcome& outcome) { leaf.fail(first + k, outcome); });
  };
  return summary_of_leaves(empty, times, options, make);
}

}  // namespace detail

/// The trajectories of `simulate`. `keep_values` of the options is not looked at.
template <class A, class P, class M, class X, class Observe = detail::Components>
Summary<A> summarise(const A& empty,
                     const P& problem,
                     const M& method,
                     const X& x0,
                     std::span<const double> grid,
                     const EnsembleOptions& options,
                     const Observe& observe = {}) {
  return detail::summarise_from(0, empty, problem, method, x0, grid, options, observe);
}

/// The trajectories of `simulate_lanes`: see there for what the problem must be like.
template <class A, class P, class M, class X, class Observe = detail::Components>
Summary<A> summarise_lanes(const A& empty,
                           const P& problem,
                           const M& method,
                           const X& x0,
                           std::span<const double> grid,
                           const EnsembleOptions& options,
                           const Observe& observe = {}) {
  return detail::summarise_lanes_from(0, empty, problem, method, x0, grid, options, observe);
}

}  // namespace stochflow
