#pragma once

// Overdamped Langevin dynamics, dX = -grad U(X) dt + sqrt(2) dW, with stationary density
// proportional to exp(-U). An ordinary problem with additive noise, for `solve` and `simulate`. To
// draw samples from exp(-U) with diagnostics take sample_chains (chains.hpp) with ULA or MALA.

#include <cmath>
#include <utility>

#include "stochflow/sde.hpp"

namespace stochflow {

/// `gradient(x)` returns grad U, shaped like x.
template <class Gradient>
struct OverdampedLangevin {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  Gradient gradient;

  template <class X>
  X drift(const X& x, double) const {
    return X(-1.0 * gradient(x));
  }
  template <class X>
  double diffusion(const X&, double) const {
    return std::sqrt(2.0);
  }
};

template <class Gradient>
OverdampedLangevin(Gradient) -> OverdampedLangevin<Gradient>;

}  // namespace stochflow
