#pragma once

// Small distributions with known scores, and the statistics that compare with them.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score/exact.hpp"

namespace stochflow::diffusion::testing {

inline at::Tensor doubles(std::vector<double> values, std::vector<std::int64_t> shape) {
  return at::tensor(values, at::kDouble).reshape(shape);
}

/// N(m, C) in three dimensions, correlated.
inline GaussianScore correlated_gaussian() {
  const at::Tensor factor = doubles({0.6, 0, 0, 0.3, 0.5, 0, -0.2, 0.4, 0.7}, {3, 3});
  return {doubles({0.5, -1, 0.25}, {3}), factor.matmul(factor.t())};
}

/// N(m, diag(c)) in three dimensions.
inline GaussianScore diagonal_gaussian() {
  return {doubles({0.5, -1, 0.25}, {3}), doubles({0.3, 1.5, 0.04}, {3})};
}

/// Three modes of different weight and width in two dimensions.
inline MixtureScore mixture() {
  return {doubles({0.5, 0.3, 0.2}, {3}),
          doubles({-1, 0.5, 1, 0.25, 0.2, -1}, {3, 2}),
          doubles({0.05, 0.1, 0.1, 0.04, 0.2, 0.02}, {3, 2})};
}

/// The published schedules and the networks' own, with defaults.
inline std::vector<Schedule> all_schedules() {
  return {vp(),
          sub_vp(),
          ve(),
          ve_linear(),
          sigma_t(),
          edm(),
          linear_log_snr(),
          cosine(),
          flow(),
          ddpm()};
}

inline double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// sqrt(n) times the largest distance between the empirical distribution of `values` and `cdf`
/// (Kolmogorov and Smirnov). Above 3.0 with probability 3e-8 when they agree.
inline double kolmogorov_smirnov(std::vector<double> values,
                                 const std::function<double(double)>& cdf) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double F = cdf(values[i]);
    const auto k = static_cast<double>(i);
    worst = std::max({worst, std::abs(F - k / n), std::abs((k + 1) / n - F)});
  }
  return std::sqrt(n) * worst;
}

inline std::vector<double> to_vector(const at::Tensor& x) {
  const at::Tensor flat = x.to(at::kCPU, at::kDouble).contiguous().flatten();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

}  // namespace stochflow::diffusion::testing
