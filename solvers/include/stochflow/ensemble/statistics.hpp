#pragma once

// Streaming moments that merge: means and variances of blocks of trajectories combined in a fixed
// order give the same bits whatever number of threads computed the blocks.

#include <cmath>
#include <cstdint>

namespace stochflow {

/// Count, mean, and central sums of squares up to the fourth, of one real quantity.
/// Sources: Welford 1962; Chan, Golub and LeVeque 1983; Pebay 2008, eqs. (3.1)-(3.3).
class Moments {
 public:
  void add(double value) { merge(Moments(value)); }

  void merge(const Moments& b) {
    if (b.n_ == 0) return;
    if (n_ == 0) {
      *this = b;
      return;
    }
    const double na = static_cast<double>(n_), nb = static_cast<double>(b.n_), n = na + nb;
    const double d = b.mean_ - mean_, d2 = d * d;
    const double m4 =
        m4_ + b.m4_ + d2 * d2 * na * nb * (na * na - na * nb + nb * nb) / (n * n * n) +
        6 * d2 * (na * na * b.m2_ + nb * nb * m2_) / (n * n) + 4 * d * (na * b.m3_ - nb * m3_) / n;
    const double m3 =
        m3_ + b.m3_ + d * d2 * na * nb * (na - nb) / (n * n) + 3 * d * (na * b.m2_ - nb * m2_) / n;
    m2_ = m2_ + b.m2_ + d2 * na * nb / n;
    m3_ = m3;
    m4_ = m4;
    mean_ += d * nb / n;
    n_ += b.n_;
  }

  std::int64_t count() const { return n_; }
  double mean() const { return n_ == 0 ? NAN : mean_; }
  /// Unbiased; NaN for fewer than two values.
  double variance() const { return n_ < 2 ? NAN : m2_ / static_cast<double>(n_ - 1); }
  double standard_deviation() const { return std::sqrt(variance()); }
  double mean_standard_error() const { return std::sqrt(variance() / static_cast<double>(n_)); }
  /// From the sample's own fourth moment, so that it holds for any distribution.
  double variance_standard_error() const {
    if (n_ < 4) return NAN;
    const double n = static_cast<double>(n_), v = m2_ / n;
    return std::sqrt(std::fmax(m4_ / n - v * v, 0) / n);
  }

  Moments() = default;

 private:
  explicit Moments(double value) : n_(1), mean_(value) {}

  std::int64_t n_ = 0;
  double mean_ = 0, m2_ = 0, m3_ = 0, m4_ = 0;
};

}  // namespace stochflow
