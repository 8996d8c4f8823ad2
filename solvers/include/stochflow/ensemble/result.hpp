#pragma once

// What an ensemble is asked for and what it gives back. A result is an accumulator: the result of
// some trajectories merges with that of the trajectories after them.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/ensemble/quantile_sketch.hpp"
#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

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
  /// [times][observables], of the same values in bounded memory; empty unless quantile_buffer.
  std::vector<std::vector<QuantileSketch>> quantiles;
  std::int64_t trajectories = 0;
  std::int64_t failures = 0;
  std::vector<FailedTrajectory> first_failures;  // at most 10

  /// Adds the trajectories that follow these.
  void merge(const EnsembleResult& next) {
    if (next.trajectories == 0) return;
    if (trajectories == 0) {
      *this = next;
      return;
    }
    const auto each = [](auto& a, const auto& b, const auto& f) {
      for (std::size_t k = 0; k < a.size(); ++k) f(a[k], b[k]);
    };
    const auto add = [](Moments& a, const Moments& b) { a.merge(b); };
    const auto append = [](std::vector<double>& a, const std::vector<double>& b) {
      a.insert(a.end(), b.begin(), b.end());
    };
    each(moments, next.moments, [&](auto& a, const auto& b) { each(a, b, add); });
    each(ends, next.ends, add);
    each(noted, next.noted, add);
    each(values, next.values, [&](auto& a, const auto& b) { each(a, b, append); });
    each(quantiles, next.quantiles, [&](auto& a, const auto& b) {
      each(a, b, [](QuantileSketch& c, const QuantileSketch& d) { c.merge(d); });
    });
    trajectories += next.trajectories;
    failures += next.failures;
    const std::size_t room = max_listed_failures - first_failures.size();
    const auto listed = std::min(room, next.first_failures.size());
    first_failures.insert(first_failures.end(),
                          next.first_failures.begin(),
                          next.first_failures.begin() + static_cast<std::ptrdiff_t>(listed));
  }

  static constexpr std::size_t max_listed_failures = 10;
};

struct EnsembleOptions;

/// The leaves 0 ... count-1 as one, make_leaf(k) being leaf k: how an ensemble is checkpointed
/// (ensemble/rounds.hpp) and shared among ranks (ensemble/mpi.hpp).
using LeafReduction =
    std::function<EnsembleResult(std::int64_t count,
                                 const EnsembleOptions& options,
                                 const std::function<EnsembleResult(std::int64_t)>& make_leaf)>;

struct EnsembleOptions {
  std::int64_t trajectories = 10000;
  std::uint64_t seed = 0;
  int threads = 0;                   // 0: one for each processor
  std::vector<double> save_at = {};  // empty: the end time only
  bool keep_values = false;          // keep every trajectory's observables
  /// Keep a QuantileSketch with buffers of so many values, for quantiles and histograms of any
  /// number of trajectories; 0: none.
  std::size_t quantile_buffer = 0;
  /// Called with the number of trajectories finished, from one thread at a time.
  std::function<void(std::int64_t)> progress = {};
  /// Who computes the leaves; empty: the threads of this process.
  LeafReduction reduction = {};
};

namespace detail {

/// Trajectories are reduced in leaves of this many, whatever threads and ranks compute them.
inline constexpr std::int64_t leaf_size = 256;

/// The result of one leaf: values are pushed trajectory by trajectory, and become statistics.
class Leaf {
 public:
  Leaf(const std::vector<double>& times, std::size_t observables, std::size_t events) {
    result_.times = times;
    result_.ends.resize(events);
    result_.noted.resize(events);
    columns_.assign(times.size(), std::vector<std::vector<double>>(observables));
    for (auto& row : columns_) {
      for (auto& column : row) column.reserve(static_cast<std::size_t>(leaf_size));
    }
  }

  void push(std::size_t time, std::size_t observable, double value) {
    columns_[time][observable].push_back(value);
  }
  void fail(std::int64_t trajectory, const Outcome& outcome) {
    ++result_.failures;
    if (result_.first_failures.size() < EnsembleResult::max_listed_failures) {
      result_.first_failures.push_back({trajectory, outcome});
    }
  }
  void end(std::size_t event, double t) { result_.ends[event].add(t); }
  void note(std::size_t event, double t) { result_.noted[event].add(t); }

  EnsembleResult finish(std::int64_t trajectories, const EnsembleOptions& options) {
    result_.trajectories = trajectories;
    for (const auto& row : columns_) {
      auto& moments = result_.moments.emplace_back();
      for (const auto& column : row) moments.push_back(Moments::of(column));
    }
    if (options.quantile_buffer > 0) {
      for (const auto& row : columns_) {
        auto& sketches = result_.quantiles.emplace_back();
        for (const auto& column : row) {
          sketches.emplace_back(options.quantile_buffer);
          for (const double value : column) sketches.back().add(value);
        }
      }
    }
    if (options.keep_values) result_.values = std::move(columns_);
    return std::move(result_);
  }

 private:
  EnsembleResult result_;
  std::vector<std::vector<std::vector<double>>> columns_;
};

/// The leaves of an ensemble and the trajectories in each.
inline std::int64_t leaf_count(const EnsembleOptions& options) {
  if (options.trajectories < 1) {
    throw std::invalid_argument("simulate: expected at least 1 trajectory, found " +
                                std::to_string(options.trajectories));
  }
  return (options.trajectories + leaf_size - 1) / leaf_size;
}

}  // namespace detail
}  // namespace stochflow
