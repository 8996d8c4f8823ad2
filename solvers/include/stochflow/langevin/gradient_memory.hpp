#pragma once

// What a method keeps whose step ends with the gradient that the next one begins with (see
// method_memory.hpp): one gradient a step less.

namespace stochflow {

template <class X>
struct GradientMemory {
  X gradient;  // grad U at the current x

  template <class Visit>
  void each(const Visit& visit) {
    visit(gradient);
  }
};

}  // namespace stochflow
