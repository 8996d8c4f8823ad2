#pragma once

// Cox-Ingersoll-Ross process: dX = kappa (theta - X) dt + sigma sqrt(X) dW (Itô). Short rates and
// stochastic variances. Non-negative; a discretisation can cross zero, so the coefficients use
// max(X, 0) (full truncation, Lord, Koekkoek and van Dijk 2010), which changes nothing where X >=
// 0.

#include <cmath>
#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct CoxIngersollRoss {
  static constexpr std::string_view name = "cir";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;

  double kappa = 2.0;   // rate of reversion, 1/time
  double theta = 0.04;  // long-run mean
  double sigma = 0.3;   // volatility

  template <class X>
  auto drift(const X& x, double) const {
    return kappa * (theta - positive_part(x));
  }
  template <class X>
  auto diffusion(const X& x, double) const {
    using std::sqrt;
    return sigma * sqrt(positive_part(x));
  }

  /// Source: Cox, Ingersoll and Ross 1985, eq. (19).
  double mean(double x0, double t) const { return theta + (x0 - theta) * std::exp(-kappa * t); }
  double variance(double x0, double t) const {
    const double e = std::exp(-kappa * t), s2 = sigma * sigma / kappa;
    return x0 * s2 * e * (1 - e) + theta * s2 * (1 - e) * (1 - e) / 2;
  }
};

}  // namespace stochflow
