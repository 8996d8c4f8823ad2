#pragma once

// What goes into a run and what comes out of it, shared by fixed and adaptive steps.

#include <concepts>
#include <cstdint>
#include <vector>

#include "stochflow/events/event.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

/// Names one Brownian path: everything random in a run is a function of these two numbers.
struct PathId {
  std::uint64_t seed = 0;
  std::uint64_t trajectory = 0;
};

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
  std::vector<EventRecord<X>> events = {};  // in the order of their times
};

/// observer(x, t), which may return false to stop the run.
template <class Observer, class X>
concept ObserverOf = std::invocable<Observer&, const X&, double>;

/// The default observer: sees nothing and costs nothing.
struct NoObserver {
  template <class X>
  void operator()(const X&, double) const {}
};

namespace detail {

/// Shows a state to an observer; false when the observer asks to stop.
template <class Observer, class X>
bool show(Observer& observer, const X& x, double t) {
  if constexpr (std::same_as<decltype(observer(x, t)), bool>) {
    return observer(x, t);
  } else {
    observer(x, t);
    return true;
  }
}

}  // namespace detail
}  // namespace stochflow
