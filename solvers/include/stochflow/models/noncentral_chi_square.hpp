#pragma once

// Exact non-central chi-square variables from counter-based bits: what the transition of a
// Cox-Ingersoll-Ross process is made of. A draw is a pure function of (stream, trajectory, index)
// and takes as many 128-bit lanes of it as its rejections need. For d > 1 it is the square of a
// shifted normal plus a central chi-square with d - 1 degrees; for d <= 1 a chi-square whose
// degrees are d plus twice a Poisson variable. Uses log and exp of the C library, so other machines
// may differ in the last bits. Source: Johnson, Kotz and Balakrishnan 1995, chapter 29; Marsaglia
// and Tsang, ACM Trans. Math. Softw. 26 (2000) (gamma); Hoermann, Insur. Math. Econ. 12 (1993)
// (Poisson, PTRS).

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "stochflow/noise/normal.hpp"

namespace stochflow {

/// The random numbers of one draw, one after the other.
class DrawBits {
 public:
  DrawBits(const RandomStream& stream, std::uint64_t trajectory, std::uint64_t index)
      : stream_(stream), trajectory_(trajectory), index_(index) {}

  /// On (0, 1).
  double uniform() { return uniform_open(next()[0]); }
  double normal() {
    const auto bits = next();
    return normal_pair(bits[0], bits[1])[0];
  }

 private:
  std::array<std::uint64_t, 2> next() {
    const PhiloxCounter b = stream_.bits(trajectory_, index_, lane_++);
    return {static_cast<std::uint64_t>(b[1]) << 32 | b[0],
            static_cast<std::uint64_t>(b[3]) << 32 | b[2]};
  }

  const RandomStream& stream_;
  std::uint64_t trajectory_, index_;
  std::uint32_t lane_ = 0;
};

/// Gamma variable of the given shape > 0 and scale 1.
inline double gamma_variable(double shape, DrawBits& bits) {
  if (shape < 1) {  // boosted by one degree, U^(1/shape) undoes it
    const double boosted = gamma_variable(shape + 1, bits);
    return boosted * std::exp(std::log(bits.uniform()) / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double n = bits.normal(), root = 1 + c * n;
    const double u = bits.uniform();
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(u) < 0.5 * n * n + d - d * v + d * std::log(v)) return d * v;
  }
}

namespace detail {

/// ln k! without the global sign that std::lgamma writes to.
inline double log_factorial(double k) {
  double shift = 0;
  for (; k < 12; ++k) shift += std::log(k + 1);
  const double x = k + 1, r = 1 / (x * x);  // Stirling's series for ln Gamma(x)
  const double series = (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / x;
  return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + series - shift;
}

}  // namespace detail

/// Poisson variable of the given mean >= 0.
inline double poisson_variable(double mean, DrawBits& bits) {
  if (mean < 10) {  // by inversion
    double p = std::exp(-mean), k = 0;
    for (double u = bits.uniform() - p; u > 0; u -= p) {
      p *= mean / ++k;
      if (p == 0) break;  // the uniform lies within rounding of 1
    }
    return k;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = bits.uniform() - 0.5, v = bits.uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <=
        -mean + k * std::log(mean) - detail::log_factorial(k)) {
      return k;
    }
  }
}

/// Non-central chi-square variable with d > 0 degrees of freedom and non-centrality lambda >= 0.
inline double noncentral_chi_square(double d, double lambda, DrawBits& bits) {
  if (!(d > 0) || !(lambda >= 0) || !std::isfinite(d) || !std::isfinite(lambda)) {
    std::ostringstream text;
    text << "noncentral_chi_square: expected d > 0 and lambda >= 0, both finite, found d = " << d
         << ", lambda = " << lambda;
    throw std::invalid_argument(text.str());
  }
  if (d > 1) {
    const double n = bits.normal() + std::sqrt(lambda);
    return n * n + 2 * gamma_variable(0.5 * (d - 1), bits);
  }
  return 2 * gamma_variable(0.5 * d + poisson_variable(0.5 * lambda, bits), bits);
}

}  // namespace stochflow
