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
// Step ends are multiples of (t1 - t0) 2^-30; save times are rounded to these.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "stochflow/control/pi_controller.hpp"
#include "stochflow/control/try_step.hpp"
#include "stochflow/noise/tree.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {

struct AdaptiveOptions {
  std::vector<double> save_at = {};
  std::int64_t max_steps = 1000000;  // accepted and rejected
};

template <class X>
struct AdaptiveSolution : Solution<X> {
  std::int64_t rejected_steps = 0;  // the accepted ones are outcome.step
};

namespace detail {

template <class P, class M>
constexpr void require_adaptive() {
  require_compatible<P, M>();
  static_assert(
      P::noise == Noise::additive || P::calculus == Calculus::stratonovich ||
          M::facts.strong[P::noise] >= 1,
      "With adaptive steps this method does not converge to the Ito solution, because the "
      "step sizes depend on the increments: take Milstein or SRIW1, or write the problem "
      "in Stratonovich form and take SPaRK.");
}

/// At most `wanted` ticks, with four significant bits, so that the tree needs few levels.
inline std::int64_t round_step(double wanted) {
  const auto n = static_cast<std::int64_t>(std::min(wanted, 0x1p30));
  if (n < 16) return n;
  const int drop = std::bit_width(static_cast<std::uint64_t>(n)) - 4;
  return n >> drop << drop;
}

}  // namespace detail

/// The same on a path given by the caller: a BrownianTree or a type with its members.
template <class P, class M, class X, class Tree, class Observer = NoObserver>
requires ProblemFor<P, X> AdaptiveSolution<X> solve_adaptive_on(const P& problem,
                                                                const M& method,
                                                                const X& x0,
                                                                Tree path,
                                                                const PiController& controller = {},
                                                                const AdaptiveOptions& options = {},
                                                                Observer&& observer = {}) {
  detail::require_adaptive<P, M>();
  constexpr std::int64_t end = Tree::ticks;
  const double t0 = path.time(0), t1 = path.time(end);
  detail::check_times(std::vector<double>{t0, t1}, options.save_at);
  const double tick = (t1 - t0) / static_cast<double>(end);
  const double order = M::facts.strong[P::noise] + 0.5;

  AdaptiveSolution<X> solution;
  solution.x = x0;
  solution.t = t0;
  std::int64_t at = 0;
  const auto target = [&] {  // the next time that must be hit
    const std::size_t k = solution.times.size();
    if (k == options.save_at.size()) return end;
    return std::clamp<std::int64_t>(std::llround((options.save_at[k] - t0) / tick), 0, end);
  };
  const auto arrive = [&] {
    observer(solution.x, solution.t);
    while (solution.times.size() < options.save_at.size() && target() <= at) {
      solution.times.push_back(options.save_at[solution.times.size()]);
      solution.states.push_back(solution.x);
    }
  };
  const auto finish = [&](Status status) {
    solution.outcome.status = status;
    solution.outcome.t = solution.t;
    return std::move(solution);
  };

  arrive();
  PiController::Memory memory;
  std::vector<std::int64_t> looked_at;  // ends of rejected steps, the nearest last
  double wanted = (controller.first_step > 0 ? controller.first_step : (t1 - t0) / 1000) / tick;
  while (at < end) {
    if (solution.outcome.step + solution.rejected_steps >= options.max_steps) {
      return finish(Status::max_steps);
    }
    std::int64_t to = at + detail::round_step(wanted);
    to = std::min(to, target());
    if (!looked_at.empty()) to = std::min(to, looked_at.back());
    if (to - at < 2) return finish(Status::step_underflow);

    const auto tried = detail::try_step(problem, method, solution.x, path, at, to);
    const double e =
        detail::scaled_error(tried.error, solution.x, tried.x, controller.atol, controller.rtol);
    const bool accepted = e <= 1;
    const double factor = controller.factor(e, order, accepted, memory);
    const double taken = static_cast<double>(to - at);
    if (!accepted) {
      ++solution.rejected_steps;
      if (P::noise == Noise::general && (looked_at.empty() || to < looked_at.back())) {
        looked_at.push_back(to);
      }
      wanted = taken * factor;
      continue;
    }
    // A step that was cut short to hit a time says little about the size wanted next.
    wanted = std::max(taken * factor, std::min(wanted, taken * controller.grow));
    if (factor < 1) wanted = taken * factor;
    at = to;
    if (!looked_at.empty() && looked_at.back() == at) looked_at.pop_back();
    solution.x = tried.x;
    solution.t = path.time(at);
    ++solution.outcome.step;
    arrive();
  }
  return finish(Status::ok);
}

/// Integrates from x0 at t0 to t1 along the path of (seed, trajectory), keeping the estimated local
/// error of every step below atol + rtol |x| in root mean square over the components.
template <class P, class M, class X, class Observer = NoObserver>
requires ProblemFor<P, X> AdaptiveSolution<X> solve_adaptive(const P& problem,
                                                             const M& method,
                                                             const X& x0,
                                                             double t0,
                                                             double t1,
                                                             PathId id,
                                                             const PiController& controller = {},
                                                             const AdaptiveOptions& options = {},
                                                             Observer&& observer = {}) {
  auto like = noise_like(problem, x0, t0);
  BrownianTree<decltype(like)> path(id.seed, id.trajectory, t0, t1, std::move(like));
  return solve_adaptive_on(
      problem, method, x0, std::move(path), controller, options, std::forward<Observer>(observer));
}

}  // namespace stochflow
