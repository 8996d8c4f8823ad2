#pragma once

// One trajectory with adaptive steps: `solve_adaptive(problem, method, x0, t0, t1, id,
// controller)`.
//
// The steps follow the error, the path does not follow the steps: increments come from a virtual
// Brownian tree, so a rejected step is retried on the same path and the law of the solution is not
// bent by what was rejected. Where the noise does not commute, the end of every rejected step is
// later visited exactly, since its area has been looked at (Foster and Jelincic, arXiv 2311.14201).
// Itô equations need a method of strong order 1 or more for their noise: with step sizes that
// depend on the increments, Euler-Maruyama does not converge to the Itô solution, and does not
// compile here.
//
// A controller is a value with rtol, atol, first_step, grow, a type Memory and a member `factor`:
// PiController or PidController. Step ends are multiples of (t1 - t0) 2^-29; save times are rounded
// to these, and stepped to. States in between without bending the steps: dense_output.hpp.

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "stochflow/adaptive_run.hpp"
#include "stochflow/control/pi_controller.hpp"
#include "stochflow/control/pid_controller.hpp"
#include "stochflow/noise/tree.hpp"
#include "stochflow/require.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {

namespace detail {

template <class P, class M, class X>
constexpr void require_adaptive() {
  require_compatible<P, M>();
  static_assert(MeasurableState<X>,
                "Adaptive steps need the size of an error, and this kind of state has none: "
                "overload scaled_error(error, x, x_next, atol, rtol) for it, see "
                "control/error_norm.hpp, or take fixed steps (solve).");
  static_assert(
      P::noise == Noise::additive || P::calculus == Calculus::stratonovich ||
          M::facts.strong[P::noise] >= 1,
      "With adaptive steps this method does not converge to the Ito solution, because the "
      "step sizes depend on the increments: take Milstein or SRIW1, or write the problem "
      "in Stratonovich form and take SPaRK.");
}

template <class P, class M, class X, class Tree, class Controller, class Observer, class EventList>
AdaptiveSolution<X> solve_adaptive_with(const P& problem,
                                        const M& method,
                                        const X& x0,
                                        Tree& path,
                                        const Controller& controller,
                                        const AdaptiveOptions& options,
                                        Observer& observer,
                                        const EventList& events,
                                        PathId id) {
  require_adaptive<P, M, X>();
  const double t0 = path.time(0);
  check_times(std::vector<double>{t0, path.time(Tree::ticks)}, options.save_at);
  AdaptiveRun<X, MemoryOf<M, P, X>, typename Controller::Memory, EventList> run(
      x0,
      t0,
      start_memory(method, problem, x0, t0),
      first_choice<M>(problem, x0, path, controller));
  run.begin(path, options, observer);
  constexpr auto all = std::numeric_limits<std::int64_t>::max();
  run.advance(problem, method, path, controller, options, events, id, all, observer);
  return std::move(run.solution());
}

}  // namespace detail

/// The same on a path given by the caller: a BrownianTree, an AreaTree for methods that need Lévy
/// areas, or a type with their members. On an AreaTree steps are multiples of two cells: a
/// run that needs shorter ones ends with step_underflow.
template <class P,
          class M,
          class X,
          class Tree,
          class Controller = PiController,
          class Observer = NoObserver>
requires ProblemFor<P, X> AdaptiveSolution<X> solve_adaptive_on(const P& problem,
                                                                const M& method,
                                                                const X& x0,
                                                                Tree path,
                                                                const Controller& controller = {},
                                                                const AdaptiveOptions& options = {},
                                                                Observer&& observer = {}) {
  return detail::solve_adaptive_with(
      problem, method, x0, path, controller, options, observer, NoEvents{}, PathId{});
}

/// Integrates from x0 at t0 to t1 along the path of (seed, trajectory), keeping the estimated local
/// error of every step below atol + rtol |x| in root mean square over the components.
/// observer(x, t) is called at t0 and after every accepted step; returning false stops the run.
template <class P,
          class M,
          class X,
          class Controller = PiController,
          class Observer = NoObserver,
          class EventList = NoEvents>
requires ProblemFor<P, X> && ObserverOf<Observer, X> AdaptiveSolution<X> solve_adaptive(
    const P& problem,
    const M& method,
    const X& x0,
    double t0,
    double t1,
    PathId id,
    const Controller& controller = {},
    const AdaptiveOptions& options = {},
    Observer&& observer = {},
    const EventList& events = {}) {
  auto like = noise_like(problem, x0, t0);
  BrownianTree<decltype(like)> path(id.seed, id.trajectory, t0, t1, std::move(like));
  return detail::solve_adaptive_with(
      problem, method, x0, path, controller, options, observer, events, id);
}

/// The same with events and no observer.
template <class P, class M, class X, class Controller = PiController, class... F>
requires ProblemFor<P, X> AdaptiveSolution<X> solve_adaptive(const P& problem,
                                                             const M& method,
                                                             const X& x0,
                                                             double t0,
                                                             double t1,
                                                             PathId id,
                                                             const Controller& controller,
                                                             const AdaptiveOptions& options,
                                                             const Events<F...>& events) {
  return solve_adaptive(problem, method, x0, t0, t1, id, controller, options, NoObserver{}, events);
}

}  // namespace stochflow
