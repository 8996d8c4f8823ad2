#pragma once

// Functionals of the path for `follow`. A `quantity` is a function of the state, written once for
// doubles and packs: [](const auto& x) { return x[0]; }. Those whose names begin with Bridged, and
// SurvivalProbability, are about component k of the state and look between the grid points too:
// given its values at both ends of a step the component is taken for a Brownian bridge with the
// diffusion at the start of the step. That is exact where drift and diffusion are constant (a
// price: follow its logarithm) and leaves a weak error of the order of the step elsewhere, where
// looking at the grid points alone costs the order 1/2. For two step sizes on one path
// (`multilevel`) it is consistent from level to level, but each level draws its own bridges.
// Source: Glasserman, "Monte Carlo Methods in Financial Engineering", 2004, section 6.4.

#include <cmath>
#include <limits>
#include <utility>

#include "stochflow/ensemble/follow.hpp"

namespace stochflow {

namespace detail {

/// max and min of whatever numbers.
template <class T>
T larger(const T& a, const T& b) {
  return select(a < b, b, a);
}
template <class T>
T magnitude(const T& a) {
  using std::abs;
  return abs(a);
}

}  // namespace detail

/// The largest value of a quantity at the grid points.
template <class Q>
struct RunningMaximum {
  static constexpr int noises = 0;
  Q quantity;
  template <class X>
  auto start(const X& x, double) const {
    return quantity(x);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    return detail::larger(value, T(quantity(step.next)));
  }
};
template <class Q>
RunningMaximum(Q) -> RunningMaximum<Q>;

/// The smallest.
template <class Q>
struct RunningMinimum {
  static constexpr int noises = 0;
  Q quantity;
  template <class X>
  auto start(const X& x, double) const {
    return quantity(x);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    const T here = quantity(step.next);
    return select(here < value, here, value);
  }
};
template <class Q>
RunningMinimum(Q) -> RunningMinimum<Q>;

namespace detail {

/// The largest (side 1) or smallest (-1) value of component k in a step: that of a bridge from a to
/// b is (a + b +- sqrt((b - a)^2 - 2 s^2 h log U)) / 2, and -2 h log U is W1^2 + W2^2 of two
/// increments.
template <class T, class S>
T bridge_extreme(const S& step, int k, double side) {
  using std::sqrt;
  const T a = component_of(step.x, k), b = component_of(step.next, k);
  const T R = step.noise[0] * step.noise[0] + step.noise[1] * step.noise[1];
  const T swing = sqrt((b - a) * (b - a) + step.variance_rate(k) * R);
  return T(0.5) * (a + b + T(side) * swing);
}

}  // namespace detail

/// The largest value of component k between the grid points too.
struct BridgedMaximum {
  static constexpr int noises = 2;
  int k = 0;
  template <class X>
  auto start(const X& x, double) const {
    return component_of(x, k);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    return detail::larger(value, detail::bridge_extreme<T>(step, k, 1));
  }
};

/// The smallest. Each bridge is drawn on its own: the joint law of maximum and minimum within a
/// step is not kept.
struct BridgedMinimum {
  static constexpr int noises = 2;
  int k = 0;
  template <class X>
  auto start(const X& x, double) const {
    return component_of(x, k);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    const T here = detail::bridge_extreme<T>(step, k, -1);
    return select(here < value, here, value);
  }
};

/// scale times the integral of a quantity over time, by the trapezoidal rule.
template <class Q>
struct TimeIntegral {
  static constexpr int noises = 0;
  Q quantity;
  double scale = 1;
  template <class X>
  NumberOf<X> start(const X&, double) const {
    return NumberOf<X>(0);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    return value + T(0.5 * scale * step.h) * (T(quantity(step.x)) + T(quantity(step.next)));
  }
};
template <class Q>
TimeIntegral(Q) -> TimeIntegral<Q>;

/// The average of a quantity over [t0, t1], the times of the run: what Asian options pay on.
template <class Q>
TimeIntegral<Q> time_average(Q quantity, double t0, double t1) {
  return {std::move(quantity), 1 / (t1 - t0)};
}

/// exp(-integral of rate(x)): multiply a payoff by it.
template <class Q>
struct DiscountFactor {
  static constexpr int noises = 0;
  Q rate;
  template <class X>
  NumberOf<X> start(const X&, double) const {
    return NumberOf<X>(1);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    using std::exp;
    return value * T(exp(T(-0.5 * step.h) * (T(rate(step.x)) + T(rate(step.next)))));
  }
};
template <class Q>
DiscountFactor(Q) -> DiscountFactor<Q>;

namespace detail {

/// When component k first reaches `level`, from whichever side it starts on. `met(a, b, step)` says
/// in which lanes a step from a to b (distances to the level) meets it. The time within the step is
/// where a straight line from a to b meets the level, or to the mirror image of b when b is on the
/// side of a: given the meeting, the two bridges have the same law up to it (reflection).
template <class T, class S, class Met>
T passage(const T& value, const S& step, int k, double level, double horizon, const Met& met) {
  const T a = component_of(step.x, k) - T(level), b = component_of(step.next, k) - T(level);
  const T da = magnitude(a), db = magnitude(b);
  const T way = larger(T(da + db), T(std::numeric_limits<float>::min()));
  const T now = T(step.t) + T(step.h) * (da / way);
  return select(met(a, b) && value >= T(horizon), now, value);
}

}  // namespace detail

/// The time at which component k reaches `level`, seen at the grid points; `horizon`, the end of
/// the run, for trajectories that do not.
struct FirstPassage {
  static constexpr int noises = 0;
  int k = 0;
  double level = 0;
  double horizon = 0;
  template <class X>
  NumberOf<X> start(const X&, double) const {
    return NumberOf<X>(horizon);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    return detail::passage(
        value, step, k, level, horizon, [](const T& a, const T& b) { return a * b <= T(0); });
  }
};

/// The same between the grid points too: a bridge from a to b meets the level with probability
/// exp(-2 a b / (s^2 h)).
struct BridgedFirstPassage {
  static constexpr int noises = 2;
  int k = 0;
  double level = 0;
  double horizon = 0;
  template <class X>
  NumberOf<X> start(const X&, double) const {
    return NumberOf<X>(horizon);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    const T R = step.noise[0] * step.noise[0] + step.noise[1] * step.noise[1];
    const T reach = T(0.25) * step.variance_rate(k) * R;
    return detail::passage(
        value, step, k, level, horizon, [&](const T& a, const T& b) { return a * b <= reach; });
  }
};

/// The probability that component k has not reached `level`, given its values at the grid points:
/// the product over the steps of 1 - exp(-2 a b / (s^2 h)). A knock-out payoff is the payoff times
/// this number, which varies less than the indicator, and smoothly: take it for `multilevel` and
/// for quasi-Monte Carlo. No noise of its own.
struct SurvivalProbability {
  static constexpr int noises = 0;
  int k = 0;
  double level = 0;
  template <class X>
  NumberOf<X> start(const X&, double) const {
    return NumberOf<X>(1);
  }
  template <class T, class S>
  T next(const T& value, const S& step) const {
    using std::expm1;
    const T a = component_of(step.x, k) - T(level), b = component_of(step.next, k) - T(level);
    const T survive = -expm1(T(-2 * a * b / (step.variance_rate(k) * T(step.h))));
    return value * select(a * b > T(0), survive, T(0));
  }
};

}  // namespace stochflow
