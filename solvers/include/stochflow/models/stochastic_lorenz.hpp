#pragma once

// Lorenz's convection model with additive noise on each component:
//
//   dx = s (y - x) dt + c dW1,   dy = (x (r - z) - y) dt + c dW2,   dz = (x y - b z) dt + c dW3
//
// Chaotic for the default parameters. Source: Lorenz 1963.

#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct StochasticLorenz {
  static constexpr std::string_view name = "lorenz";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  double s = 10.0;       // Prandtl number
  double r = 28.0;       // Rayleigh number over its critical value
  double b = 8.0 / 3.0;  // geometry
  double c = 0.5;        // noise, state/sqrt(time)

  template <class T>
  Vector<T, 3> drift(const Vector<T, 3>& x, double) const {
    return Vector<T, 3>(
        T(s) * (x[1] - x[0]), x[0] * (T(r) - x[2]) - x[1], x[0] * x[1] - T(b) * x[2]);
  }
  template <class T>
  auto diffusion(const Vector<T, 3>&, double) const {
    return c;
  }
};

}  // namespace stochflow
