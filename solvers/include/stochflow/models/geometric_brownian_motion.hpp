#pragma once

// Geometric Brownian motion: dX = mu X dt + sigma X dW (Itô). The Black-Scholes asset price; each
// component of a vector state is an independent copy. Its solution is a function of the path:
// X_t = x0 exp((mu - sigma^2/2) t + sigma W_t).

#include <cmath>
#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct GeometricBrownianMotion {
  static constexpr std::string_view name = "gbm";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr bool drift_commutes = true;

  double mu = 0.05;    // growth rate, 1/time
  double sigma = 0.2;  // volatility, 1/sqrt(time)

  template <class X>
  auto drift(const X& x, double) const {
    return mu * x;
  }
  template <class X>
  auto diffusion(const X& x, double) const {
    return sigma * x;
  }

  double exact(double x0, double t, double W_t) const {
    return x0 * std::exp((mu - 0.5 * sigma * sigma) * t + sigma * W_t);
  }
  double mean(double x0, double t) const { return x0 * std::exp(mu * t); }
  double variance(double x0, double t) const {
    return x0 * x0 * std::exp(2 * mu * t) * std::expm1(sigma * sigma * t);
  }
};

}  // namespace stochflow
