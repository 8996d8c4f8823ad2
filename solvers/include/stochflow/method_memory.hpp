#pragma once

// Methods that carry something from step to step. Most methods are functions of the state alone and
// need nothing from here. A method that reuses what its last step left behind (the stage of a
// reversible method, the last evaluation of a first-same-as-last one) adds two members:
//
//   start(problem, x, t) -> Memory                 what it carries at the start of a run
//   step(problem, x, t, h, dB, memory) -> X        one step; changes `memory`
//
// where Memory is a type of its own with a member `each(visit)` that calls visit on every number
// or array in it: that is how checkpoints read and write it. A solver tries a step with a copy of
// the memory and keeps the copy when the step counts. A method may offer `step` without a memory
// as well: one step from a fresh start.

#include <type_traits>
#include <utility>

#include "stochflow/status.hpp"

namespace stochflow {

/// The memory of methods that have none.
struct NoMemory {
  template <class Visit>
  void each(const Visit&) {}
};

namespace detail {

template <class M, class P, class X>
auto start_memory(const M& method, const P& problem, const X& x, double t) {
  if constexpr (requires { method.start(problem, x, t); }) {
    return method.start(problem, x, t);
  } else {
    return NoMemory{};
  }
}

template <class M, class P, class X>
using MemoryOf = decltype(start_memory(
    std::declval<const M&>(), std::declval<const P&>(), std::declval<const X&>(), 0.0));

template <class M, class P, class X, class Noise, class Memory>
X step_with(
    const M& method, const P& problem, const X& x, double t, double h, const Noise& dB, Memory& m) {
  if constexpr (std::is_same_v<Memory, NoMemory>) {
    return method.step(problem, x, t, h, dB);
  } else {
    return method.step(problem, x, t, h, dB, m);
  }
}

template <class X>
struct TakenStep {
  X x;
  Status status = Status::ok;
};

/// A step that counts. Implicit methods report through a member `attempt` whether their equations
/// could be solved.
template <class M, class P, class X, class Noise, class Memory>
TakenStep<X> take_step(
    const M& method, const P& problem, const X& x, double t, double h, const Noise& dB, Memory& m) {
  if constexpr (requires { method.attempt(problem, x, t, h, dB).status; }) {
    auto attempt = method.attempt(problem, x, t, h, dB);
    return {std::move(attempt.x), attempt.status};
  } else {
    return {step_with(method, problem, x, t, h, dB, m)};
  }
}

}  // namespace detail
}  // namespace stochflow
