#pragma once

// The trajectories of one leaf of an ensemble, in SIMD lanes: all take step n before any takes step
// n + 1, with their states and their noise in the first-level cache. What `simulate_lanes` runs;
// multilevel Monte Carlo and functionals of the path look on through `watch`.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/ensemble/lane_noise.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/pack.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/status.hpp"

namespace stochflow::detail {

/// `zero` in lanes whose numbers are all finite, NaN in the others: one operation a component.
template <class T>
Pack<T> zero_if_finite(const Pack<T>& x, const Pack<T>& zero) {
  return fma(x, Pack<T>(0), zero);
}
template <class T, int N>
Pack<T> zero_if_finite(const Eigen::Array<Pack<T>, N, 1>& x, Pack<T> zero) {
  for (Eigen::Index i = 0; i < x.size(); ++i) zero = zero_if_finite(x[i], zero);
  return zero;
}

template <class X>
inline constexpr bool has_fixed_size = true;
template <class T>
inline constexpr bool has_fixed_size<Eigen::Array<T, Eigen::Dynamic, 1>> = false;

/// Implicit methods.
template <class M, class P, class X>
concept SolvesEquations = requires(const M& method, const P& problem, const X& x, const Step& s) {
  method.attempt(problem, x, 0.0, 0.0, increment_for<M, P>(brownian_path(problem, x, 0.0, 0), s))
      .status;
};

/// Trajectories first, first + 1, ... in `packs` packs.
template <class P, class M, class X, std::size_t packs, class Generator = Philox>
class LaneRun {
 public:
  static_assert(has_fixed_size<X>,
                "Lanes keep their states in registers, so the size of the state must be known when "
                "compiling: use Vector<double, N>, or `simulate`.");
  static_assert(!SolvesEquations<M, P, X>,
                "This method solves equations trajectory by trajectory: use `simulate`.");
  static_assert(!M::facts.stages_by_state,
                "This method chooses its stages trajectory by trajectory: use `simulate`.");

  using State = InLanesOf<X>;
  using Noises = decltype(noise_like(std::declval<const P&>(), std::declval<const State&>(), 0.0));
  using Number = Pack<NumberOf<X>>;
  static constexpr std::size_t lanes = static_cast<std::size_t>(Number::lanes);
  static constexpr std::size_t size = packs * lanes;
  using Failure = std::pair<std::size_t, Outcome>;

  LaneRun(const P& problem, const M& method, std::uint64_t seed)
      : problem_(problem), method_(method), noise_(seed) {}

  /// Runs along `grid`; calls watch(n, states) after n steps, n = 0 ... steps.
  /// Returns the trajectories that ceased to be finite, by their place in the run.
  template <class Watch>
  std::vector<Failure> run(std::uint64_t first,
                           const X& x0,
                           std::span<const double> grid,
                           const Watch& watch) {
    std::vector<Failure> failures;
    noise_.start(first);
    x_.fill(to_lanes(x0));
    memory_.fill(start_memory(method_, problem_, x_[0], grid[0]));
    fine_.fill(PackMask<NumberOf<X>>(true));
    watch(std::size_t{0}, x_);
    for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
      const double t = grid[n];
      const Step step{static_cast<std::int64_t>(n), t, grid[n + 1] - t};
      noise_.prepare(step);
      if (!take(step)) note_failures(step, failures);
      watch(n + 1, x_);
    }
    return failures;
  }

 private:
  /// One step of every trajectory; whether all are finite. Flattened, because a call that a
  /// compiler leaves standing inside the loop costs as much as the step of a simple equation.
  [[gnu::flatten]] bool take(const Step& step) {
    Number zero(0);
    for (std::size_t p = 0; p < packs; ++p) {
      const auto dB = increment_for<M, P>(noise_.at(p), step);
      x_[p] = step_with(method_, problem_, x_[p], step.t, step.h, dB, memory_[p]);
      zero = zero_if_finite(x_[p], zero);
    }
    return all_of(zero == Number(0));
  }

  void note_failures(const Step& step, std::vector<Failure>& failures) {
    for (std::size_t p = 0; p < packs; ++p) {
      const auto now = zero_if_finite(x_[p], Number(0)) == Number(0);
      for (std::size_t l = 0; l < lanes; ++l) {
        const int lane = static_cast<int>(l);
        if (!now[lane] && fine_[p][lane]) {
          const Outcome outcome{.status = Status::not_finite, .t = step.t, .step = step.index};
          failures.emplace_back(p * lanes + l, outcome);
        }
      }
      fine_[p] = fine_[p] && now;
    }
  }

  const P& problem_;
  const M& method_;
  LaneNoise<needed<M, P>, Noises, packs, Generator> noise_;
  std::array<State, packs> x_;
  std::array<MemoryOf<M, P, State>, packs> memory_;
  std::array<PackMask<NumberOf<X>>, packs> fine_;
};

/// Trajectories first ... first + count - 1 in lanes: state(k, i, x) for place k at save time i of
/// each that stays finite, in order of k; failed(k, outcome) for the others.
template <class Generator, class P, class M, class X, class State, class Failed>
void lane_leaf(const P& problem,
               const M& method,
               const X& x0,
               std::span<const double> grid,
               const std::vector<std::size_t>& places,
               std::uint64_t seed,
               std::uint64_t first,
               std::int64_t count,
               const State& state,
               const Failed& failed) {
  constexpr auto lanes = static_cast<std::size_t>(Pack<NumberOf<X>>::lanes);
  constexpr std::size_t packs = static_cast<std::size_t>(leaf_size) / lanes;
  using Run = LaneRun<P, M, X, packs, Generator>;
  std::vector<std::array<typename Run::State, packs>> saved(places.size());
  std::size_t next = 0;
  Run run(problem, method, seed);
  const auto failures = run.run(first, x0, grid, [&](std::size_t n, const auto& states) {
    if (next < places.size() && places[next] == n) saved[next++] = states;
  });
  std::vector<const Outcome*> outcome(Run::size, nullptr);
  for (const auto& failure : failures) outcome[failure.first] = &failure.second;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto place = static_cast<std::size_t>(k);
    if (outcome[place] != nullptr) {
      failed(k, *outcome[place]);
      continue;
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      state(k, i, X(lane(saved[i][place / lanes], static_cast<int>(place % lanes))));
    }
  }
}

}  // namespace stochflow::detail
