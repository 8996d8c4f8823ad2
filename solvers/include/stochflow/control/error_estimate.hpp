#pragma once

// What a method with an embedded error estimate returns from one step, and the order in h of the
// estimate: half an order above the strong order of the method unless the method says otherwise.

namespace stochflow {

template <class X>
struct StepWithError {
  X x;      // the state after the step
  X error;  // an estimate of its local error
};

namespace detail {
template <class P, class M>
constexpr double error_order() {
  if constexpr (requires { M::error_order; }) {
    return M::error_order;
  } else {
    return M::facts.strong[P::noise] + 0.5;
  }
}
}  // namespace detail

}  // namespace stochflow
