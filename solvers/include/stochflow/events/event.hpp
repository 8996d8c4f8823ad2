#pragma once

// Events: times at which a function e(x, t) of the state reaches zero. Give them to solve,
// solve_adaptive or simulate as
//
//   events(terminal_event([](const auto& x, double) { return x[0] - 1.0; }),
//          noted_event([](const auto& x, double t) { return x[1] + t; }, Crossing::falling))
//
// A terminal event ends its trajectory there, with Status::event; a noted one is listed in
// Solution::events, the first in each step, and the trajectory goes on. A Brownian path that is on
// the same side at both ends of a step may have crossed in between: that is decided with the
// probability that it has for a locally Brownian e, and the time is drawn from its law
// (hitting.hpp, watch.hpp), so that first-passage times are right at step sizes where looking at
// the ends only is badly late.
//
// Write e generic in the state (`const auto& x`): its slope is taken by dual numbers.

#include <cstddef>
#include <tuple>
#include <utility>

namespace stochflow {

/// The side from which zero is reached: from below (rising) or from above (falling).
enum class Crossing { either, rising, falling };

template <class F>
struct Event {
  F function;  // e(x, t) -> a number
  Crossing direction = Crossing::either;
  bool terminal = true;
};

template <class F>
Event<F> terminal_event(F e, Crossing direction = Crossing::either) {
  return {std::move(e), direction, true};
}
template <class F>
Event<F> noted_event(F e, Crossing direction = Crossing::either) {
  return {std::move(e), direction, false};
}

template <class... F>
struct Events {
  static constexpr std::size_t count = sizeof...(F);
  std::tuple<Event<F>...> list;
};
template <class... F>
Events<F...> events(Event<F>... list) {
  return {{std::move(list)...}};
}

using NoEvents = Events<>;

template <class X>
struct EventRecord {
  std::size_t event;  // its place in the list given to events(...)
  double t;
  X x;          // the state there, with e(x, t) = 0 to rounding
  bool rising;  // reached from below
};

}  // namespace stochflow
