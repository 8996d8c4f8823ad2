#pragma once

// Streaming moments that merge: means and variances of blocks of trajectories combined in a fixed
// order give the same bits whatever number of threads computed the blocks.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stochflow {

/// Count, mean, and central sums of squares up to the fourth, of one real quantity.
/// Sources: Welford 1962; Chan, Golub and LeVeque 1983; Pebay 2008, eqs. (3.1)-(3.3).
class Moments {
 public:
  void add(double value) { merge(Moments(value)); }

  /// Of all `values`, in two passes: faster than one after the other, and as exact. The sums are
  /// taken in eight columns whatever the processor, so that the result is the same on all.
  static Moments of(std::span<const double> values) {
    Moments result;
    if (values.empty()) return result;
    const double n = static_cast<double>(values.size());
    // About the first value, so that a large mean costs no digits of the squares.
    const double origin = values[0];
    const double shift = sum_of(values, [origin](double v) { return v - origin; }) / n;
    const double mean = origin + shift;
    const auto square = [mean](double v) { return (v - mean) * (v - mean); };
    result.n_ = static_cast<std::int64_t>(values.size());
    result.mean_ = mean;
    result.m2_ = sum_of(values, square);
    result.m3_ = sum_of(values, [&](double v) { return square(v) * (v - mean); });
    result.m4_ = sum_of(values, [&](double v) { return square(v) * square(v); });
    return result;
  }

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
  /// Fourth central moment over the squared variance: 3 for a normal quantity.
  double kurtosis() const { return static_cast<double>(n_) * m4_ / (m2_ * m2_); }
  /// From the sample's own fourth moment, so that it holds for any distribution.
  double variance_standard_error() const {
    if (n_ < 4) return NAN;
    const double n = static_cast<double>(n_), v = m2_ / n;
    return std::sqrt(std::fmax(m4_ / n - v * v, 0) / n);
  }

  Moments() = default;

 private:
  explicit Moments(double value) : n_(1), mean_(value) {}

  template <class F>
  static double sum_of(std::span<const double> values, const F& f) {
    constexpr std::size_t columns = 8;
    std::array<double, columns> sums{};
    std::size_t k = 0;
    for (; k + columns <= values.size(); k += columns) {
      for (std::size_t c = 0; c < columns; ++c) sums[c] += f(values[k + c]);
    }
    for (std::size_t c = 0; k < values.size(); ++k, ++c) sums[c] += f(values[k]);
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }

  std::int64_t n_ = 0;
  double mean_ = 0, m2_ = 0, m3_ = 0, m4_ = 0;
};

}  // namespace stochflow
