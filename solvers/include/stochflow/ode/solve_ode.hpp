#pragma once

// dx/dt = field(x, t) by Boost.Odeint's steppers, with this library's contract: the last state is
// at t1 exactly, the field is called between t0 and t1 only, the caller's x0 is untouched, and an
// integration that cannot go on says so in its outcome instead of throwing. t1 may lie before t0.
// Adaptive steps end at save times. One step size serves the whole state.

#include <algorithm>
#include <boost/numeric/odeint/stepper/controlled_step_result.hpp>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/derivative.hpp"
#include "stochflow/ode/save_times.hpp"
#include "stochflow/ode/steppers.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {

struct OdeOptions {
  std::vector<double> save_at = {};  // in the direction of integration, between t0 and t1
  double first_step = 0;             // 0: a hundredth of the interval
  std::int64_t max_steps = 100000;   // accepted and rejected
};

template <class X>
struct OdeSolution : Solution<X> {
  std::int64_t evaluations = 0;     // of the field
  std::int64_t rejected_steps = 0;  // the accepted ones are outcome.step
};

namespace detail {

/// A state of its own, also where `=` shares memory.
template <class X>
X copied(const X& x) {
  X copy;
  boost::numeric::odeint::copy(x, copy);
  return copy;
}

/// The stepper that a tag names. Implicit ones are made for a field, which they differentiate.
template <class X, class Tag, class Field>
auto stepper_of(const Tag& tag, const Field& field, double t0, double t1) {
  if constexpr (requires { tag.template make<X>(); }) {
    return tag.template make<X>();
  } else {
    static_assert(
        requires(const DualState<X>& x) { field(x, 0.0); },
        "An implicit stepper needs the Jacobian of the field: write the field generic in its "
        "number type (const auto& x) so that dual numbers can pass through it, or take an explicit "
        "stepper such as Dopri5.");
    return tag.template make<X>(field, t0, t1);
  }
}

/// The field as odeint calls it, counted. Some steppers add up the times of their stages, which
/// rounding may carry past the end of the interval: the field does not see it.
template <class Field>
auto counted_system(const Field& field, double t0, double t1, std::int64_t& evaluations) {
  return [&field, &evaluations, low = std::min(t0, t1), high = std::max(t0, t1)](
             const auto& x, auto& dxdt, double t) {
    dxdt = field(x, std::clamp(t, low, high));
    ++evaluations;
  };
}

}  // namespace detail

/// Adaptive integration by any odeint controlled stepper (a type with
/// try_step(system, x, t, dt)), for error checks of your own; usually call solve_ode instead.
template <class Field, class Controlled, class X, class Observer = NoObserver>
OdeSolution<X> integrate_controlled(const Field& field,
                                    Controlled stepper,
                                    const X& x0,
                                    double t0,
                                    double t1,
                                    const OdeOptions& options = {},
                                    Observer&& observer = {}) {
  detail::check_span("solve_ode", t0, t1, options.save_at);
  OdeSolution<X> solution;
  solution.x = detail::copied(x0);
  solution.t = t0;
  const auto system = detail::counted_system(field, t0, t1, solution.evaluations);
  const double sign = t1 > t0 ? 1 : -1;
  std::vector<double> targets = options.save_at;
  if (targets.empty() || targets.back() != t1) targets.push_back(t1);
  const auto keep = [&](double t) {
    if (solution.times.size() < options.save_at.size() &&
        options.save_at[solution.times.size()] == t) {
      solution.times.push_back(t);
      solution.states.push_back(detail::copied(solution.x));
    }
  };
  const auto finish = [&](Status status) {
    solution.outcome.status = status;
    solution.outcome.t = solution.t;
    return solution;
  };

  keep(t0);
  observer(solution.x, t0);
  double h = options.first_step != 0 ? sign * std::abs(options.first_step) : (t1 - t0) / 100;
  for (const double target : targets) {
    while (sign * (target - solution.t) > 0) {
      const double remaining = target - solution.t;
      const bool last = std::abs(h) >= std::abs(remaining);
      const double wanted = h;
      double t = solution.t;
      double step = last ? remaining : h;
      if (solution.outcome.step + solution.rejected_steps >= options.max_steps) {
        return finish(Status::max_steps);
      }
      const auto result = stepper.try_step(system, solution.x, t, step);
      if (result == boost::numeric::odeint::fail) {
        ++solution.rejected_steps;
        h = step;
        if (solution.t + h == solution.t) return finish(Status::step_underflow);
        if (!std::isfinite(h)) return finish(Status::not_finite);
        continue;
      }
      ++solution.outcome.step;
      // Where the step was cut to land on the target, the size wanted before still holds.
      h = last && std::abs(step) < std::abs(wanted) ? wanted : step;
      solution.t = last ? target : t;
      if (!StateTraits<X>::all_finite(solution.x)) return finish(Status::not_finite);
      observer(solution.x, solution.t);
    }
    keep(target);
  }
  return finish(Status::ok);
}

/// tag.n equal steps by any odeint stepper (a type with do_step(system, in, t, out, dt)). It is
/// never asked to work in place: odeint's extrapolation, and with it the start of its multistep
/// methods, then lose their order (Boost 1.74). A do_step that returns a Status says how the step
/// went.
template <class Tag, class Field, class Stepper, class X, class Observer = NoObserver>
OdeSolution<X> integrate_in_steps(const Tag& tag,
                                  const Field& field,
                                  Stepper stepper,
                                  const X& x0,
                                  double t0,
                                  double t1,
                                  const OdeOptions& options = {},
                                  Observer&& observer = {}) {
  detail::check_span("solve_ode", t0, t1, options.save_at);
  if (tag.n < 1) {
    throw std::invalid_argument("solve_ode: " + std::string(Tag::name) +
                                " needs at least 1 step, found n = " + std::to_string(tag.n));
  }
  OdeSolution<X> solution;
  solution.x = detail::copied(x0);
  X next_x = detail::copied(x0);
  const auto system = detail::counted_system(field, t0, t1, solution.evaluations);
  const auto step = [&](double t, double h) {
    if constexpr (std::is_void_v<decltype(stepper.do_step(system, solution.x, t, next_x, h))>) {
      stepper.do_step(system, solution.x, t, next_x, h);
      return Status::ok;
    } else {
      return stepper.do_step(system, solution.x, t, next_x, h);
    }
  };
  const auto time = [&](std::int64_t k) {
    return k == tag.n ? t1 : t0 + (t1 - t0) * (static_cast<double>(k) / static_cast<double>(tag.n));
  };
  std::size_t next = 0;
  for (std::int64_t k = 0; k <= tag.n; ++k) {
    if (k > 0) {
      Status status = step(time(k - 1), time(k) - time(k - 1));
      if (status == Status::ok && StateTraits<X>::check_each_step &&
          !StateTraits<X>::all_finite(next_x)) {
        status = Status::not_finite;
      }
      if (status != Status::ok) {
        solution.outcome = {status, time(k - 1), k - 1};
        return solution;
      }
      std::swap(solution.x, next_x);
    }
    solution.t = time(k);
    observer(solution.x, solution.t);
    if (next < options.save_at.size()) {
      const double tolerance = 1e-9 * std::abs(t1 - t0) / static_cast<double>(tag.n);
      if (std::abs(options.save_at[next] - solution.t) <= tolerance) {
        solution.times.push_back(solution.t);
        solution.states.push_back(detail::copied(solution.x));
        ++next;
      } else if ((options.save_at[next] < solution.t) == (t1 > t0)) {
        throw std::invalid_argument("solve_ode: " + std::string(Tag::name) +
                                    " takes fixed steps, and a save time lies between two of them: "
                                    "put the save times on the grid, or use Dopri5");
      }
    }
  }
  const bool finite = StateTraits<X>::all_finite(solution.x);
  solution.outcome = {finite ? Status::ok : Status::not_finite, solution.t, tag.n};
  return solution;
}

/// Integrates dx/dt = field(x, t) from x0 at t0 to t1 with one of the steppers of steppers.hpp.
/// observer(x, t) is called at t0 and after every accepted step. With fixed steps, save times must
/// be multiples of the step.
template <class Field, class Tag, class X, class Observer = NoObserver>
OdeSolution<X> solve_ode(const Field& field,
                         const Tag& tag,
                         const X& x0,
                         double t0,
                         double t1,
                         const OdeOptions& options = {},
                         Observer&& observer = {}) {
  auto stepper = detail::stepper_of<X>(tag, field, t0, t1);
  if constexpr (requires { tag.n; }) {
    return integrate_in_steps(
        tag, field, std::move(stepper), x0, t0, t1, options, std::forward<Observer>(observer));
  } else {
    return integrate_controlled(
        field, std::move(stepper), x0, t0, t1, options, std::forward<Observer>(observer));
  }
}

}  // namespace stochflow
