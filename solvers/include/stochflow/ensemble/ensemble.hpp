#pragma once

// Many trajectories of one problem: `simulate(problem, method, x0, grid, options)`. Trajectory k is
// driven by the path (seed, k) whatever thread runs it, and blocks of trajectories are reduced in
// order, so the result is the same to the last bit for any number of threads. A trajectory that
// fails is counted and reported, and left out of the statistics; the others go on. A trajectory
// that a terminal event ends is no failure: it counts in the statistics of the save times before
// its end, and the ends themselves are counted for each event.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {

struct EnsembleOptions {
  std::int64_t trajectories = 10000;
  std::uint64_t seed = 0;
  int threads = 0;                   // 0: one for each processor
  std::vector<double> save_at = {};  // empty: the end time only
  bool keep_values = false;  // keep every trajectory's observables (for quantiles, histograms)
  /// Called with the number of trajectories finished, from one thread at a time.
  std::function<void(std::int64_t)> progress = {};
};

struct FailedTrajectory {
  std::int64_t trajectory;
  Outcome outcome;
};

struct EnsembleResult {
  std::vector<double> times;                  // [times]
  std::vector<std::vector<Moments>> moments;  // [times][observables]
  /// The times at which event k ended trajectories; its count is their number: [events]
  std::vector<Moments> ends;
  /// The times at which event k was noted without ending the trajectory: [events]
  std::vector<Moments> noted;
  /// [times][observables][trajectory], only the trajectories that reached the time and did not
  /// fail, in order; empty unless keep_values.
  std::vector<std::vector<std::vector<double>>> values;
  std::int64_t trajectories = 0;
  std::int64_t failures = 0;
  std::vector<FailedTrajectory> first_failures;  // at most 10
};

namespace detail {

inline int thread_count(int wanted, std::int64_t blocks) {
  const auto available = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const std::int64_t n = wanted > 0 ? wanted : available;
  return static_cast<int>(std::max<std::int64_t>(1, std::min(n, blocks)));
}

/// Runs body(block) for block = 0 ... blocks-1 on several threads; the first exception is rethrown.
template <class Body>
void for_each_block(std::int64_t blocks, int threads, const Body& body) {
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto worker = [&] {
    for (std::int64_t block = next++; block < blocks; block = next++) {
      try {
        body(block);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = blocks;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int k = 1; k < threads; ++k) pool.emplace_back(worker);
    worker();
  }
  if (failure) std::rethrow_exception(failure);
}

template <class X>
std::vector<double> components(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return {static_cast<double>(x)};
  } else if constexpr (requires { x.components(); }) {
    return x.components();
  } else {
    return std::vector<double>(x.data(), x.data() + x.size());
  }
}

}  // namespace detail

/// Simulates `options.trajectories` trajectories from x0. observe(x) -> std::vector<double> names
/// the quantities whose statistics are kept.
template <class P, class M, class X, class Observe, class EventList = NoEvents>
requires std::invocable<const Observe&, const X&> EnsembleResult
simulate(const P& problem,
         const M& method,
         const X& x0,
         std::span<const double> grid,
         const EnsembleOptions& options,
         const Observe& observe,
         const EventList& events = {}) {
  if (options.trajectories < 1) {
    throw std::invalid_argument("simulate: expected at least 1 trajectory, found " +
                                std::to_string(options.trajectories));
  }
  SolveOptions solve_options{.save_at = options.save_at};
  detail::check_times(grid, solve_options.save_at);
  if (solve_options.save_at.empty()) solve_options.save_at = {grid.back()};
  const std::size_t times = solve_options.save_at.size();

  struct Block {
    std::vector<std::vector<Moments>> moments;
    std::vector<Moments> ends, noted;
    std::vector<std::vector<std::vector<double>>> values;
    std::vector<FailedTrajectory> failures;
  };
  constexpr std::int64_t block_size = 256;
  const std::int64_t blocks = (options.trajectories + block_size - 1) / block_size;
  const std::size_t observables = observe(x0).size();
  std::vector<Block> results(static_cast<std::size_t>(blocks));
  std::mutex progress_mutex;
  std::int64_t done = 0;

  const auto run_block = [&](std::int64_t b) {
    Block& block = results[static_cast<std::size_t>(b)];
    block.moments.assign(times, std::vector<Moments>(observables));
    block.ends.resize(EventList::count);
    block.noted.resize(EventList::count);
    if (options.keep_values) {
      block.values.assign(times, std::vector<std::vector<double>>(observables));
    }
    const std::int64_t first = b * block_size;
    const std::int64_t last = std::min(first + block_size, options.trajectories);
    for (std::int64_t k = first; k < last; ++k) {
      const auto solution = solve(problem,
                                  method,
                                  x0,
                                  grid,
                                  PathId{options.seed, static_cast<std::uint64_t>(k)},
                                  solve_options,
                                  NoObserver{},
                                  events);
      const bool ended = solution.outcome.status == Status::event;
      if (!solution.outcome.ok() && !ended) {
        block.failures.push_back({k, solution.outcome});
        continue;
      }
      for (const auto& event : solution.events) {
        const bool end = ended && &event == &solution.events.back();
        (end ? block.ends : block.noted)[event.event].add(event.t);
      }
      for (std::size_t i = 0; i < solution.states.size(); ++i) {
        const std::vector<double> seen = observe(solution.states[i]);
        for (std::size_t j = 0; j < observables; ++j) {
          block.moments[i][j].add(seen[j]);
          if (options.keep_values) block.values[i][j].push_back(seen[j]);
        }
      }
    }
    if (options.progress) {
      const std::lock_guard lock(progress_mutex);
      done += last - first;
      options.progress(done);
    }
  };
  detail::for_each_block(blocks, detail::thread_count(options.threads, blocks), run_block);

  EnsembleResult result;
  result.times = solve_options.save_at;
  result.trajectories = options.trajectories;
  result.moments.assign(times, std::vector<Moments>(observables));
  result.ends.resize(EventList::count);
  result.noted.resize(EventList::count);
  if (options.keep_values) {
    result.values.assign(times, std::vector<std::vector<double>>(observables));
  }
  for (const Block& block : results) {
    for (std::size_t i = 0; i < times; ++i) {
      for (std::size_t j = 0; j < observables; ++j) {
        result.moments[i][j].merge(block.moments[i][j]);
        if (options.keep_values) {
          auto& kept = result.values[i][j];
          kept.insert(kept.end(), block.values[i][j].begin(), block.values[i][j].end());
        }
      }
    }
    for (std::size_t k = 0; k < EventList::count; ++k) {
      result.ends[k].merge(block.ends[k]);
      result.noted[k].merge(block.noted[k]);
    }
    result.failures += static_cast<std::int64_t>(block.failures.size());
    for (const auto& failed : block.failures) {
      if (result.first_failures.size() < 10) result.first_failures.push_back(failed);
    }
  }
  return result;
}

/// The same, keeping the statistics of every component of the state.
template <class P, class M, class X>
EnsembleResult simulate(const P& problem,
                        const M& method,
                        const X& x0,
                        std::span<const double> grid,
                        const EnsembleOptions& options) {
  return simulate(
      problem, method, x0, grid, options, [](const X& x) { return detail::components(x); });
}

/// The same with events.
template <class P, class M, class X, class... F>
EnsembleResult simulate(const P& problem,
                        const M& method,
                        const X& x0,
                        std::span<const double> grid,
                        const EnsembleOptions& options,
                        const Events<F...>& events) {
  const auto components = [](const X& x) { return detail::components(x); };
  return simulate(problem, method, x0, grid, options, components, events);
}

}  // namespace stochflow
