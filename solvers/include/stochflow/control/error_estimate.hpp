#pragma once

// What a method with an embedded error estimate returns from one step.

namespace stochflow {

template <class X>
struct StepWithError {
  X x;      // the state after the step
  X error;  // an estimate of its local error
};

}  // namespace stochflow
