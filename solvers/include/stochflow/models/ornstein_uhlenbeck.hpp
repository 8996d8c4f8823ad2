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

  /// The noise of one step: the Brownian increment W and I = int_0^h exp(-theta (h-s)) dW_s.
  struct JointIncrement {
    double W;
    double I;
  };
  /// (W, I) given W and one more standard normal z, with their exact joint law:
  ///   Cov[W, I] = (1 - e^{-theta h})/theta,  Var[I] = (1 - e^{-2 theta h})/(2 theta).
  JointIncrement joint_increment(double h, double W, double z) const {
    if (theta == 0) return {W, W};
    const double covariance = -std::expm1(-theta * h) / theta;
    const double variance_I = -std::expm1(-2 * theta * h) / (2 * theta);
    const double residual = variance_I - covariance * covariance / h;
    return {W, covariance / h * W + std::sqrt(std::fmax(residual, 0)) * z};
  }
  /// X_{t+h} from X_t = x, exactly.
  double exact_step(double x, double h, const JointIncrement& noise) const {
    return mean(x, h) + sigma * noise.I;
  }
};

}  // namespace stochflow
