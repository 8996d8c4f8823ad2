#pragma once

// A density to sample from, known up to a factor: exp(-U(x)), by its potential U and grad U.

#include "stochflow/state.hpp"

namespace stochflow {

/// potential(x) -> double, gradient(x) -> shaped like x.
template <class Potential, class Gradient>
struct Target {
  Potential potential;
  Gradient gradient;
};

template <class Potential, class Gradient>
Target(Potential, Gradient) -> Target<Potential, Gradient>;

}  // namespace stochflow
