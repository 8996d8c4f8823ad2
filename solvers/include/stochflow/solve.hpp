#pragma once

// One trajectory: `solve(problem, method, x0, grid, path)`.
//
// Contract. The grid is a vector of increasing times, or uniform_grid(t0, t1, n); the last state is
// *at* grid.back(), exactly. Drift and diffusion are called inside [t0, t1] only. x0 is not
// modified. Saving changes nothing: a save time between two grid points is served by a side step
// along the Brownian bridge, and the trajectory itself stays the same to the last bit. Misuse
// throws std::invalid_argument; numerical events end in Solution::outcome. A method that does not
// fit the problem does not compile, with a sentence that says why.

#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/state.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

struct SolveOptions {
  /// Times at which to keep the state, increasing, inside [t0, t1]; may lie between grid points.
  std::vector<double> save_at = {};
};

template <class X>
struct Solution {
  X x;                        // the last state
  double t = 0;               // and its time
  std::vector<double> times;  // the save times reached
  std::vector<X> states;      // and the states there
  Outcome outcome;
};

/// n equal steps from t0 to t1: times t0 + k h without accumulated rounding, the last exactly t1.
inline std::vector<double> uniform_grid(double t0, double t1, std::int64_t n) {
  if (n < 1 || !(t1 > t0) || !std::isfinite(t0) || !std::isfinite(t1)) {
    std::ostringstream text;
    text << "uniform_grid: expected t0 < t1 and at least 1 step, found t0 = " << t0
         << ", t1 = " << t1 << ", n = " << n;
    throw std::invalid_argument(text.str());
  }
  std::vector<double> grid(static_cast<std::size_t>(n) + 1);
  for (std::int64_t k = 0; k < n; ++k) {
    grid[static_cast<std::size_t>(k)] =
        t0 + (t1 - t0) * (static_cast<double>(k) / static_cast<double>(n));
  }
  grid.back() = t1;
  return grid;
}

namespace detail {

template <class P, class M>
constexpr void require_compatible() {
  constexpr MethodFacts facts = M::facts;
  static_assert(facts.solves(P::calculus, P::noise) || P::calculus == Calculus::stratonovich,
                "This method solves Stratonovich equations and the problem is Ito: convert the "
                "problem to Stratonovich form, or take a method for Ito equations such as "
                "EulerMaruyama or Milstein.");
  static_assert(facts.solves(P::calculus, P::noise) || P::calculus == Calculus::ito,
                "This method solves Ito equations and the problem is Stratonovich: convert the "
                "problem to Ito form, or take a method for Stratonovich equations such as Heun.");
  static_assert(facts.claims(P::noise),
                "This method claims no order for the noise structure that the problem declares: "
                "see docs/methods.md, or take EulerMaruyama (Ito) or Heun (Stratonovich), which "
                "accept every noise.");
}

inline void check_times(std::span<const double> grid, const std::vector<double>& save_at) {
  std::ostringstream text;
  if (grid.size() < 2) {
    text << "solve: the grid has " << grid.size()
         << " times, but a start and an end are needed: use uniform_grid(t0, t1, n)";
    throw std::invalid_argument(text.str());
  }
  for (std::size_t k = 0; k + 1 < grid.size(); ++k) {
    if (!(grid[k] < grid[k + 1]) || !std::isfinite(grid[k]) || !std::isfinite(grid[k + 1])) {
      text << "solve: grid times must be finite and increase, but grid[" << k << "] = " << grid[k]
           << " and grid[" << k + 1 << "] = " << grid[k + 1];
      throw std::invalid_argument(text.str());
    }
  }
  for (std::size_t k = 0; k < save_at.size(); ++k) {
    const bool inside = save_at[k] >= grid.front() && save_at[k] <= grid.back();
    if (!inside || (k > 0 && !(save_at[k - 1] < save_at[k]))) {
      text << "solve: save times must increase and lie in [" << grid.front() << ", " << grid.back()
           << "], but save_at[" << k << "] = " << save_at[k];
      throw std::invalid_argument(text.str());
    }
  }
}

/// Brownian increments from the start of `step` to points inside it, left to right, conditional on
/// the whole increment (Lévy's bridge).
template <class V, class Path>
class StepBridge {
 public:
  StepBridge(const Path& path, const Step& step, const Increment<V>& whole)
      : path_(path), step_(step), whole_(whole), W_(V(whole.W * 0.0)) {}

  /// W(t + s) - W(t) for s larger than at the previous call and smaller than h.
  Increment<V> to(double s) {
    const double left = s - s_, right = step_.h - s, length = step_.h - s_;
    W_ = V(W_ + (left / length) * (whole_.W - W_) +
           std::sqrt(left * right / length) * path_.bridge_normals(step_, ordinal_++));
    s_ = s;
    return {W_};
  }

 private:
  const Path& path_;
  const Step& step_;
  const Increment<V>& whole_;
  double s_ = 0;
  V W_;
  int ordinal_ = 0;
};

}  // namespace detail

/// The default observer: sees nothing and costs nothing.
struct NoObserver {
  template <class X>
  void operator()(const X&, double) const {}
};

/// Integrates `problem` by `method` along `grid`, driven by `path`.
/// observer(x, t) is called at every grid point, the first included; returning false stops the run.
template <class P, class M, class X, class Path, class Observer = NoObserver>
requires ProblemFor<P, X> Solution<X> solve(const P& problem,
                                            const M& method,
                                            const X& x0,
                                            std::span<const double> grid,
                                            const Path& path,
                                            const SolveOptions& options = {},
                                            Observer&& observer = {}) {
  detail::require_compatible<P, M>();
  detail::check_times(grid, options.save_at);
  using V = typename Path::value_type;

  Solution<X> solution{.x = x0, .t = grid.front(), .times = {}, .states = {}, .outcome = {}};
  X& x = solution.x;
  std::size_t next_save = 0;
  const auto save = [&](const X& state, double t) {
    solution.times.push_back(t);
    solution.states.push_back(state);
    ++next_save;
  };
  const auto save_due = [&](double t) {
    return next_save < options.save_at.size() && options.save_at[next_save] <= t;
  };
  const auto watch = [&](const X& state, double t) {
    if constexpr (std::same_as<decltype(observer(state, t)), bool>) {
      return observer(state, t);
    } else {
      observer(state, t);
      return true;
    }
  };
  const auto finish = [&](Status status, std::int64_t steps) {
    solution.outcome = {.status = status, .t = solution.t, .step = steps};
  };

  const auto steps = static_cast<std::int64_t>(grid.size()) - 1;
  if (save_due(grid.front())) save(x, grid.front());
  if (!watch(x, grid.front())) {
    finish(Status::stopped, 0);
    return solution;
  }
  for (std::int64_t n = 0; n < steps; ++n) {
    const double t = grid[static_cast<std::size_t>(n)];
    const double t_next = grid[static_cast<std::size_t>(n) + 1];
    const Step step{.index = n, .t = t, .h = t_next - t};
    const auto dB = detail::increment_for<M>(path, step);

    if (next_save < options.save_at.size() && options.save_at[next_save] < t_next) {
      if constexpr (M::facts.needs == NoiseInput::W && requires { path.bridge_normals(step, 0); }) {
        detail::StepBridge<V, Path> bridge(path, step, dB);
        while (next_save < options.save_at.size() && options.save_at[next_save] < t_next) {
          const double s = options.save_at[next_save] - t;
          save(method.step(problem, x, t, s, bridge.to(s)), options.save_at[next_save]);
        }
      } else {
        throw std::invalid_argument(
            "solve: a save time lies between two grid points and this path cannot be refined for "
            "this method: put the save times on the grid, or use FreshIncrements and a method that "
            "needs W only");
      }
    }

    X x_next = method.step(problem, x, t, step.h, dB);
    if constexpr (StateTraits<X>::check_each_step) {
      if (!StateTraits<X>::all_finite(x_next)) {
        finish(Status::not_finite, n);
        return solution;
      }
    }
    x = std::move(x_next);
    solution.t = t_next;
    if (save_due(t_next)) save(x, t_next);
    if (!watch(x, t_next)) {
      finish(Status::stopped, n + 1);
      return solution;
    }
  }
  finish(StateTraits<X>::check_each_step || StateTraits<X>::all_finite(x) ? Status::ok
                                                                          : Status::not_finite,
         steps);
  return solution;
}

/// The same along the Brownian path of (seed, trajectory).
struct PathId {
  std::uint64_t seed = 0;
  std::uint64_t trajectory = 0;
};

template <class P, class M, class X, class Observer = NoObserver>
requires ProblemFor<P, X> Solution<X> solve(const P& problem,
                                            const M& method,
                                            const X& x0,
                                            std::span<const double> grid,
                                            PathId id,
                                            const SolveOptions& options = {},
                                            Observer&& observer = {}) {
  detail::check_times(grid, options.save_at);
  return solve(problem,
               method,
               x0,
               grid,
               brownian_path(problem, x0, grid.front(), id.seed, id.trajectory),
               options,
               std::forward<Observer>(observer));
}

}  // namespace stochflow
