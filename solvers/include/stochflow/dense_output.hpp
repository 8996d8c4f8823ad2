#pragma once

// The state at any time of a finished run, between its steps as well: `solve_dense` and
// `solve_adaptive_dense`. Inside a step the path is the Brownian path conditional on what the step
// got at both of its ends, and the state is one step of the method along it from the step's start:
// as accurate as the run itself, continuous at the step's end, and the same for one time whatever
// other times are asked for. (Interpolating states instead makes paths that are too smooth.) A
// dense run remembers the state at every step; to keep a few states only, use save_at.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stochflow/solve.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace detail {

template <class X, class Memory>
struct Knot {
  double t;
  std::int64_t at;  // step or tick
  X x;
  Memory memory;
};

template <class Knots>
const auto& knot_before(const Knots& knots, double t) {
  if (!(t >= knots.front().t && t <= knots.back().t)) {
    std::ostringstream text;
    text << "dense output: the run covers times from " << knots.front().t << " to "
         << knots.back().t << ", but t = " << t << " was asked for";
    throw std::invalid_argument(text.str());
  }
  const auto after = std::upper_bound(
      knots.begin(), knots.end(), t, [](double time, const auto& knot) { return time < knot.t; });
  return *(after - 1);
}

/// From a knot to tick `to` inside the step that ends at tick `end`, as try_step would go.
template <class P, class M, class X, class Tree, class Memory>
X dense_step(const P& problem,
             const M& method,
             const X& x,
             Tree& path,
             std::int64_t from,
             std::int64_t to,
             std::int64_t,
             Memory memory) {
  const double h = path.length(to - from);
  return step_with(method, problem, x, path.time(from), h, take<M>(path.between(from, to)), memory);
}
template <class P, class M, class X, class Tree, class Memory>
X dense_step(const P& problem,
             const StepDoubling<M>& doubling,
             const X& x,
             Tree& path,
             std::int64_t from,
             std::int64_t to,
             std::int64_t end,
             Memory memory) {
  const M& method = doubling.method;
  const std::int64_t middle = from + (end - from) / 2;
  const auto leg = [&](const X& y, std::int64_t a, std::int64_t b) -> X {
    const auto dB = take<M>(path.between(a, b));
    return step_with(method, problem, y, path.time(a), path.length(b - a), dB, memory);
  };
  if (to <= middle) return leg(x, from, to);
  return leg(leg(x, from, middle), middle, to);
}

}  // namespace detail

/// A run along a grid that remembers all its steps.
template <class P, class M, class X>
class DenseSolution {
 public:
  DenseSolution(P problem, M method, const X& x0, std::vector<double> grid, PathId id)
      : problem_(std::move(problem)),
        method_(std::move(method)),
        grid_(std::move(grid)),
        path_((detail::check_times(grid_, {}),
               brownian_path(problem_, x0, grid_.front(), id.seed, id.trajectory))) {
    detail::require_compatible<P, M>();
    static_assert(detail::refines_exactly<M, Path>,
                  "Dense output needs the path inside a step given the whole step, which is known "
                  "for methods that need W or (W, H) only.");
    detail::GridRun<X, Memory> run(
        x0, grid_.front(), detail::start_memory(method_, problem_, x0, grid_.front()));
    NoObserver nobody;
    do {
      knots_.push_back({run.solution().t, run.step(), run.solution().x, run.memory()});
      run.advance(problem_, method_, grid_, path_, {}, {}, id, 1, nobody);
    } while (run.running());
    if (run.step() > knots_.back().at) {
      knots_.push_back({run.solution().t, run.step(), run.solution().x, run.memory()});
    }
    solution_ = std::move(run.solution());
  }

  const Solution<X>& solution() const { return solution_; }

  /// The state at a time from the start to solution().t.
  X operator()(double t) const {
    const auto& knot = detail::knot_before(knots_, t);
    if (t == knot.t) return knot.x;
    const auto n = static_cast<std::size_t>(knot.at);
    const Step step{.index = knot.at, .t = knot.t, .h = grid_[n + 1] - knot.t};
    const detail::StepPath<typename Path::value_type, Path> inside(path_, step);
    Memory side = knot.memory;
    const double s = t - knot.t;
    return detail::step_with(
        method_, problem_, knot.x, knot.t, s, detail::take<M>(inside.to(s)), side);
  }

 private:
  using Memory = detail::MemoryOf<M, P, X>;
  using Path = decltype(brownian_path(
      std::declval<const P&>(), std::declval<const X&>(), 0.0, std::uint64_t{}, std::uint64_t{}));

  P problem_;
  M method_;
  std::vector<double> grid_;
  Path path_;
  std::vector<detail::Knot<X, Memory>> knots_;
  Solution<X> solution_{};
};

template <class P, class M, class X>
requires ProblemFor<P, X> DenseSolution<P, M, X> solve_dense(
    P problem, M method, const X& x0, std::vector<double> grid, PathId id) {
  return {std::move(problem), std::move(method), x0, std::move(grid), id};
}

/// A run with adaptive steps that remembers all its steps.
template <class P, class M, class X, class Controller = PiController>
class AdaptiveDenseSolution {
 public:
  AdaptiveDenseSolution(P problem,
                        M method,
                        const X& x0,
                        double t0,
                        double t1,
                        PathId id,
                        const Controller& controller,
                        const AdaptiveOptions& options)
      : problem_(std::move(problem)),
        method_(std::move(method)),
        path_(id.seed, id.trajectory, t0, t1, noise_like(problem_, x0, t0)) {
    detail::require_adaptive<P, M, X>();
    detail::check_times(std::vector<double>{t0, t1}, options.save_at);
    detail::AdaptiveRun<X, Memory, typename Controller::Memory> run(
        x0,
        t0,
        detail::start_memory(method_, problem_, x0, t0),
        detail::first_choice<M>(problem_, x0, path_, controller));
    NoObserver nobody;
    run.begin(path_, options, nobody);
    const auto keep = [&] {
      knots_.push_back({run.solution().t, run.choice().at, run.solution().x, run.memory()});
    };
    keep();
    while (run.running()) {
      run.advance(problem_, method_, path_, controller, options, {}, id, 1, nobody);
      if (run.choice().at > knots_.back().at) keep();
    }
    solution_ = std::move(run.solution());
  }

  const AdaptiveSolution<X>& solution() const { return solution_; }

  /// The state at a time from the start to solution().t, rounded to (t1 - t0) 2^-30. Remembers its
  /// way through the tree, so one object serves one thread.
  X operator()(double t) {
    const auto& knot = detail::knot_before(knots_, t);
    const std::int64_t to = std::llround((t - path_.time(0)) / path_.length(1));
    if (to <= knot.at) return knot.x;
    const std::int64_t end = (&knot + 1)->at;
    if (to >= end) return (&knot + 1)->x;
    return detail::dense_step(problem_, method_, knot.x, path_, knot.at, to, end, knot.memory);
  }

 private:
  using Memory = detail::MemoryOf<M, P, X>;
  using Path =
      BrownianTree<decltype(noise_like(std::declval<const P&>(), std::declval<const X&>(), 0.0))>;

  P problem_;
  M method_;
  Path path_;
  std::vector<detail::Knot<X, Memory>> knots_;
  AdaptiveSolution<X> solution_{};
};

template <class P, class M, class X, class Controller = PiController>
requires ProblemFor<P, X> AdaptiveDenseSolution<P, M, X, Controller> solve_adaptive_dense(
    P problem,
    M method,
    const X& x0,
    double t0,
    double t1,
    PathId id,
    const Controller& controller = {},
    const AdaptiveOptions& options = {}) {
  return {std::move(problem), std::move(method), x0, t0, t1, id, controller, options};
}

}  // namespace stochflow
