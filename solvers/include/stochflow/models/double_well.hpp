#pragma once

// Overdamped motion in a double well: dX = -U'(X) dt + sqrt(2 D) dW with
// U(x) = a (x^2 - 1)^2 / 4 and D = k_B T / friction. Rare jumps between x = -1 and x = +1; the
// stationary density is proportional to exp(-U(x)/D). Additive noise.

#include <cmath>
#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct DoubleWell {
  static constexpr std::string_view name = "double-well";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  double a = 4.0;  // four times the height of the barrier
  double D = 0.5;  // noise intensity

  template <class X>
  auto drift(const X& x, double) const {
    return -a * (x * x - 1) * x;
  }
  template <class X>
  auto diffusion(const X&, double) const {
    return std::sqrt(2 * D);
  }

  double potential(double x) const { return 0.25 * a * (x * x - 1) * (x * x - 1); }
  /// Mean time to leave a well, Kramers' formula for a high barrier (a/4 >> D):
  /// 2 pi / sqrt(U''(1) |U''(0)|) exp(barrier / D).
  double kramers_time() const {
    return 2 * 3.14159265358979323846 / std::sqrt(2 * a * a) * std::exp(0.25 * a / D);
  }
};

}  // namespace stochflow
