#pragma once

// One try of an adaptive step, for methods with an error estimate of their own (a member
// step_with_error: one step a try) and, through StepDoubling, for all others: it takes the step
// once and in two halves and compares, three steps a try.

#include <cmath>
#include <type_traits>

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/tree.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {

/// Any method with an error estimate: x is the result of the two half steps.
template <class M>
struct StepDoubling {
  static constexpr MethodFacts facts = M::facts;
  M method{};
};

namespace detail {

template <class M, class V>
auto take(const SpaceTimeIncrement<V>& dB) {
  if constexpr (M::facts.needs == NoiseInput::W) {
    return Increment<V>{dB.W};
  } else {
    return dB;
  }
}

/// One try over the ticks [from, to) of a path.
template <class P, class M, class X, class Tree>
StepWithError<X> try_step(
    const P& problem, const M& method, const X& x, Tree& path, std::int64_t from, std::int64_t to) {
  static_assert(
      requires { method.step_with_error(problem, x, 0.0, 0.0, take<M>(path.between(from, to))); },
      "This method has no error estimate of its own: wrap it, StepDoubling<Method>{}.");
  return method.step_with_error(
      problem, x, path.time(from), path.length(to - from), take<M>(path.between(from, to)));
}
template <class P, class M, class X, class Tree>
StepWithError<X> try_step(const P& problem,
                          const StepDoubling<M>& doubling,
                          const X& x,
                          Tree& path,
                          std::int64_t from,
                          std::int64_t to) {
  const M& method = doubling.method;
  const std::int64_t middle = from + (to - from) / 2;
  const double t = path.time(from), h1 = path.length(middle - from), h2 = path.length(to - middle);
  const auto first = path.between(from, middle), second = path.between(middle, to);
  const auto whole = merge(first, h1, second, h2);
  const X once = method.step(problem, x, t, h1 + h2, take<M>(whole));
  const X half = method.step(problem, x, t, h1, take<M>(first));
  const X twice = method.step(problem, half, path.time(middle), h2, take<M>(second));
  return {twice, X(twice - once)};
}

/// sqrt(mean((error / (atol + rtol max(|x|, |x'|)))^2))
template <class X>
double scaled_error(const X& error, const X& x, const X& next, double atol, double rtol) {
  if constexpr (std::is_arithmetic_v<X>) {
    return std::abs(error) / (atol + rtol * std::max(std::abs(x), std::abs(next)));
  } else {
    const X scaled = error / (atol + rtol * x.abs().max(next.abs()));
    return std::sqrt(scaled.square().mean());
  }
}

}  // namespace detail
}  // namespace stochflow
