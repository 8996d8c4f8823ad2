#pragma once

// One try of an adaptive step, for methods with an error estimate of their own (a member
// step_with_error: one step a try) and, through StepDoubling, for all others: it takes the step
// once and in two halves and compares, three steps a try.

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/control/error_norm.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/noise/split.hpp"
#include "stochflow/noise/tree.hpp"

namespace stochflow {

/// Any method with an error estimate: x is the result of the two half steps.
template <class M>
struct StepDoubling {
  static constexpr MethodFacts facts = M::facts;
  M method{};

  template <class P, class X>
  auto start(const P& problem, const X& x, double t) const requires requires {
    method.start(problem, x, t);
  }
  { return method.start(problem, x, t); }
};

namespace detail {

/// The method that makes the steps.
template <class M>
const M& inner(const M& method) {
  return method;
}
template <class M>
const M& inner(const StepDoubling<M>& doubling) {
  return doubling.method;
}

/// One try over the ticks [from, to) of a path; changes `memory`.
template <class P, class M, class X, class Tree, class Memory>
StepWithError<X> try_step(const P& problem,
                          const M& method,
                          const X& x,
                          Tree& path,
                          std::int64_t from,
                          std::int64_t to,
                          Memory& memory) {
  const double t = path.time(from), h = path.length(to - from);
  const auto dB = take<M>(path.between(from, to));
  if constexpr (std::is_same_v<Memory, NoMemory>) {
    static_assert(
        requires { method.step_with_error(problem, x, t, h, dB); },
        "This method has no error estimate of its own: wrap it, StepDoubling<Method>{}.");
    return method.step_with_error(problem, x, t, h, dB);
  } else {
    static_assert(
        requires { method.step_with_error(problem, x, t, h, dB, memory); },
        "This method has no error estimate of its own: wrap it, StepDoubling<Method>{}.");
    return method.step_with_error(problem, x, t, h, dB, memory);
  }
}
template <class P, class M, class X, class Tree, class Memory>
StepWithError<X> try_step(const P& problem,
                          const StepDoubling<M>& doubling,
                          const X& x,
                          Tree& path,
                          std::int64_t from,
                          std::int64_t to,
                          Memory& memory) {
  const M& method = doubling.method;
  const std::int64_t middle = from + (to - from) / 2;
  const double t = path.time(from), h1 = path.length(middle - from), h2 = path.length(to - middle);
  const auto first = path.between(from, middle), second = path.between(middle, to);
  const auto whole = merge(first, h1, second, h2);
  Memory side = memory;
  const X once = step_with(method, problem, x, t, h1 + h2, take<M>(whole), side);
  const X half = step_with(method, problem, x, t, h1, take<M>(first), memory);
  const X twice = step_with(method, problem, half, path.time(middle), h2, take<M>(second), memory);
  return {twice, X(twice - once)};
}

}  // namespace detail
}  // namespace stochflow
