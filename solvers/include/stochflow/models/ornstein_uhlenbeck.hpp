#pragma once

// Ornstein-Uhlenbeck process: dX = theta (mu - X) dt + sigma dW. Additive noise, Gaussian, mean
// reverting; the one process whose exact solution can be sampled jointly with the Brownian path
// that drives it, which makes it the yardstick for strong errors.

#include <cmath>
#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct OrnsteinUhlenbeck {
  static constexpr std::string_view name = "ou";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  double theta = 1.5;  // rate of reversion, 1/time
  double mu = 0.3;     // long-run mean
  double sigma = 0.4;  // volatility, state/sqrt(time)

  template <class X>
  auto drift(const X& x, double) const {
    return theta * (mu - x);
  }
  template <class X>
  auto diffusion(const X&, double) const {
    return sigma;
  }

  /// E[X_t | X_0 = x0] and Var[X_t | X_0 = x0].
  double mean(double x0, double t) const { return mu + (x0 - mu) * std::exp(-theta * t); }
  double variance(double t) const {
    return theta == 0 ? sigma * sigma * t
                      : -sigma * sigma * std::expm1(-2 * theta * t) / (2 * theta);
  }

  /// I = int_0^h exp(-theta (h-s)) dW_s given W and H over the step (see SpaceTimeIncrement) and
  /// one more standard normal z, with the exact joint law of (W, H, I).
  double noise_integral(double h, double W, double H, double z) const {
    if (theta == 0) return W;
    const double e = std::exp(-theta * h);
    const double with_W = -std::expm1(-theta * h) / theta;                // Cov[I, W]
    const double with_H = (with_W - h * e) / (theta * h) - 0.5 * with_W;  // Cov[I, H]
    const double variance = -std::expm1(-2 * theta * h) / (2 * theta);    // Var[I]
    const double explained = (with_W * with_W + 12 * with_H * with_H) / h;
    return (with_W * W + 12 * with_H * H) / h + std::sqrt(std::fmax(variance - explained, 0)) * z;
  }
  /// X_{t+h} from X_t = x, exactly.
  double exact_step(double x, double h, double noise_integral) const {
    return mean(x, h) + sigma * noise_integral;
  }
};

}  // namespace stochflow
