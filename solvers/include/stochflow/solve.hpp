#pragma once

// One trajectory: `solve(problem, method, x0, grid, path)`.
//
// Contract. The grid is a vector of increasing times, or uniform_grid(t0, t1, n); the last state is
// *at* grid.back(), exactly. Drift and diffusion are called inside [t0, t1] only. x0 is not
// modified. Saving changes nothing: a save time between two grid points is served by a side step
// along the path inside the step, and the trajectory itself stays the same to the last bit. Events
// (events/event.hpp) are listed, or end the trajectory; with events, a save time between two grid
// points is one more point at which they are looked for. Misuse throws std::invalid_argument;
// numerical events end in Solution::outcome. A method that does not fit the problem does not
// compile, with a sentence that says why.
//
// The state at any time afterwards: dense_output.hpp. Stopping and resuming: resume.hpp.

#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "stochflow/facts.hpp"
#include "stochflow/grid.hpp"
#include "stochflow/grid_run.hpp"
#include "stochflow/noise/ahead.hpp"
#include "stochflow/require.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/solution.hpp"
#include "stochflow/state.hpp"
#include "stochflow/status.hpp"

namespace stochflow {
namespace detail {

/// Along a grid and save times that have been checked.
template <class P, class M, class X, class Path, class Observer, class EventList>
Solution<X> solve_on(const P& problem,
                     const M& method,
                     const X& x0,
                     std::span<const double> grid,
                     const Path& path,
                     const SolveOptions& options,
                     Observer& observer,
                     const EventList& events,
                     PathId id) {
  require_compatible<P, M>();
  using Memory = MemoryOf<M, P, X>;
  GridRun<X, Memory, EventList> run(
      x0, grid.front(), start_memory(method, problem, x0, grid.front()));
  run.begin(options, observer);
  constexpr auto all = std::numeric_limits<std::int64_t>::max();
  run.advance(problem, method, grid, path, options, events, id, all, observer);
  return std::move(run.solution());
}

/// The same along the Brownian path of (seed, trajectory).
template <class P, class M, class X, class Observer, class EventList>
Solution<X> solve_on_path(const P& problem,
                          const M& method,
                          const X& x0,
                          std::span<const double> grid,
                          PathId id,
                          const SolveOptions& options,
                          Observer& observer,
                          const EventList& events) {
  const auto path = path_in_order(problem, x0, grid.front(), id.seed, id.trajectory);
  return solve_on(problem, method, x0, grid, path, options, observer, events, id);
}

}  // namespace detail

/// Integrates `problem` by `method` along `grid`, driven by `path`.
/// observer(x, t) is called at every grid point, the first included; returning false stops the run.
template <class P, class M, class X, class Path, class Observer = NoObserver>
requires ProblemFor<P, X> && ObserverOf<Observer, X> Solution<X> solve(
    const P& problem,
    const M& method,
    const X& x0,
    std::span<const double> grid,
    const Path& path,
    const SolveOptions& options = {},
    Observer&& observer = {}) {
  detail::check_times(grid, options.save_at);
  return detail::solve_on(problem, method, x0, grid, path, options, observer, NoEvents{}, PathId{});
}

/// The same along the Brownian path of (seed, trajectory), with events if there are any.
template <class P, class M, class X, class Observer = NoObserver, class EventList = NoEvents>
requires ProblemFor<P, X> && ObserverOf<Observer, X> Solution<X> solve(
    const P& problem,
    const M& method,
    const X& x0,
    std::span<const double> grid,
    PathId id,
    const SolveOptions& options = {},
    Observer&& observer = {},
    const EventList& events = {}) {
  detail::check_times(grid, options.save_at);
  return detail::solve_on_path(problem, method, x0, grid, id, options, observer, events);
}

/// The same with events and no observer.
template <class P, class M, class X, class... F>
requires ProblemFor<P, X> Solution<X> solve(const P& problem,
                                            const M& method,
                                            const X& x0,
                                            std::span<const double> grid,
                                            PathId id,
                                            const SolveOptions& options,
                                            const Events<F...>& events) {
  return solve(problem, method, x0, grid, id, options, NoObserver{}, events);
}

}  // namespace stochflow
