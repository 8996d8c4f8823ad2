#pragma once

// Heston's stochastic volatility: an asset S and its variance v with correlated noises (Itô),
//
//   d log S = (r - v/2) dt + sqrt(v) dW1
//   dv      = kappa (theta - v) dt + xi sqrt(v) (rho dW1 + sqrt(1 - rho^2) dW2)
//
// State x = (log S, v), two Brownian motions, general noise. sqrt and drift use max(v, 0): full
// truncation (Lord, Koekkoek and van Dijk 2010). Source: Heston 1993.

#include <cmath>
#include <string_view>

#include "stochflow/sde.hpp"

namespace stochflow {

struct Heston {
  static constexpr std::string_view name = "heston";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::general;

  double r = 0.03;      // risk-free rate, 1/time
  double kappa = 2.0;   // reversion of the variance, 1/time
  double theta = 0.04;  // long-run variance
  double xi = 0.3;      // volatility of the variance
  double rho = -0.7;    // correlation of asset and variance, in [-1, 1]

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    const T v = positive_part(x[1]);
    return Vector<T, 2>(T(r) - T(0.5) * v, T(kappa) * (T(theta) - v));
  }
  template <class T>
  Matrix<T, 2> diffusion(const Vector<T, 2>& x, double) const {
    using std::sqrt;
    const T root = sqrt(positive_part(x[1]));
    Matrix<T, 2> g;
    g << root, T(0), T(xi * rho) * root, T(xi * std::sqrt(1 - rho * rho)) * root;
    return g;
  }

  double mean_price(double s0, double t) const { return s0 * std::exp(r * t); }
  double mean_variance(double v0, double t) const {
    return theta + (v0 - theta) * std::exp(-kappa * t);
  }
  /// Var[v_t]: v alone is a Cox-Ingersoll-Ross process.
  double variance_of_variance(double v0, double t) const {
    const double e = std::exp(-kappa * t), s2 = xi * xi / kappa;
    return v0 * s2 * e * (1 - e) + theta * s2 * (1 - e) * (1 - e) / 2;
  }
};

}  // namespace stochflow
