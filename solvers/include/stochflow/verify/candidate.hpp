#pragma once

// A method on a test problem behind plain functions: `candidate(problem, method)`. What compares
// methods with the exact solution (method_errors.hpp) is then compiled for each problem and not for
// each method on it, and can send one path through all of them.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/noise/increments.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/counted.hpp"
#include "stochflow/verify/discrete_from_path.hpp"
#include "stochflow/verify/one_step_runner.hpp"

namespace stochflow::verify {

template <class P>
using StateOf = std::decay_t<decltype(P::x0())>;

/// A value of the problem's Brownian motions.
template <class P>
using NoiseOf = std::decay_t<decltype(noise_like(std::declval<P>(), P::x0(), 0.0))>;

/// Where a run ended, and the evaluations of drift and diffusion that it made.
template <class X>
struct EndOfRun {
  X x;
  std::int64_t evaluations;
};

/// Runs from P::x0() over the times of `grid`, with one cell for each step.
template <class P, class Cell>
using RunOnCells = std::function<EndOfRun<StateOf<P>>(const std::vector<double>& grid,
                                                      std::span<const Cell> cells)>;

/// Calls visit(probability, end) for every end that a step of size h from x at t can have.
template <class P>
using EveryOutcome = std::function<void(
    const StateOf<P>& x,
    double t,
    double h,
    const std::function<void(double probability, const StateOf<P>& end)>& visit)>;

template <class P>
struct Candidate {
  std::string method;
  double strong_claimed = 0, weak_claimed = 0;  // on the noise of P; 0: nothing claimed
  /// One of the two is empty: a method asks for Lévy areas or does not.
  RunOnCells<P, SpaceTimeIncrement<NoiseOf<P>>> on_times;
  RunOnCells<P, AreaIncrement<NoiseOf<P>>> on_areas;
  /// Empty unless the method takes two- or three-point variables.
  EveryOutcome<P> outcomes;
};

namespace detail {

/// Increments that live elsewhere: SpaceTimeIncrement or AreaIncrement.
template <class Cell>
struct BorrowedIncrements {
  using value_type = std::decay_t<decltype(Cell::W)>;
  std::span<const Cell> cells;

  const Cell& operator[](const Step& step) const {
    return cells[static_cast<std::size_t>(step.index)];
  }
  Increment<value_type> increment(const Step& step) const { return {(*this)[step].W}; }
  auto space_time_increment(const Step& step) const requires requires(Cell c) { c.H; }
  { return (*this)[step]; }
  auto area_increment(const Step& step) const requires requires(Cell c) { c.A; }
  { return (*this)[step]; }
  auto two_point_increment(const Step& step) const {
    return two_point_from_path((*this)[step].W, step.h);
  }
  auto three_point_increment(const Step& step) const requires requires(Cell c) { c.H; }
  { return three_point_from_path((*this)[step].W, (*this)[step].H, step.h); }
};

template <class Cell, class P, class M>
RunOnCells<P, Cell> run_on_cells(const P& problem, const M& method) {
  return [=](const std::vector<double>& grid, std::span<const Cell> cells) {
    std::int64_t evaluations = 0;
    const Counted<P> counted{problem, &evaluations};
    auto end = solve(counted, method, P::x0(), grid, BorrowedIncrements<Cell>{cells});
    return EndOfRun<StateOf<P>>{std::move(end.x), evaluations};
  };
}

}  // namespace detail

template <class P, class M>
Candidate<P> candidate(const P& problem, const M& method) {
  Candidate<P> result{.method = std::string(M::facts.name),
                      .strong_claimed = M::facts.strong[P::noise],
                      .weak_claimed = M::facts.weak[P::noise],
                      .on_times = {},
                      .on_areas = {},
                      .outcomes = {}};
  constexpr NoiseInput needs = M::facts.needs;
  if constexpr (needs == NoiseInput::two_point || needs == NoiseInput::three_point) {
    result.outcomes = [=](const StateOf<P>& x, double t, double h, const auto& visit) {
      const auto like = noise_like(problem, x, t);
      int noises = 1;
      if constexpr (!std::is_arithmetic_v<NoiseOf<P>>) noises = static_cast<int>(like.size());
      for_each_noise(
          needs,
          noises,
          h,
          quadrature_sizes(needs),
          [&](double probability, const NoiseValues& values) {
            visit(probability,
                  method.step(problem, x, t, h, detail::increment_from<needs>(values, like)));
          });
    };
  }
  if constexpr (needs == NoiseInput::WA) {
    result.on_areas = detail::run_on_cells<AreaIncrement<NoiseOf<P>>>(problem, method);
  } else {
    result.on_times = detail::run_on_cells<SpaceTimeIncrement<NoiseOf<P>>>(problem, method);
  }
  return result;
}

}  // namespace stochflow::verify
