#include "stochflow/diffusion/likelihood/dequantise.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>
#include <stdexcept>

namespace stochflow::diffusion {

namespace {

/// The levels as float64. Throws std::invalid_argument for others than 0, 1, ..., 255.
at::Tensor checked(const at::Tensor& levels) {
  const at::Tensor k = levels.to(at::kDouble);
  if (levels.numel() > 0) {
    const double least = k.min().item<double>(), most = k.max().item<double>();
    if (!(least >= 0 && most <= 255) || !k.equal(k.floor())) {
      std::ostringstream text;
      text << "dequantised: expected whole grey levels from 0 to 255, found values from " << least
           << " to " << most << ": pass the raw 8-bit images";
      throw std::invalid_argument(text.str());
    }
  }
  return k;
}

at::Tensor drawn(const at::Tensor& k,
                 std::uint64_t seed,
                 const SampleIds& ids,
                 std::uint64_t draw) {
  return uniforms(RandomStream(seed, Purpose::dequantisation), ids, draw, k);
}

}  // namespace

at::Tensor dequantised(const at::Tensor& levels, std::uint64_t seed, const SampleIds& ids) {
  return uniform_dequantisation(levels, seed, ids).x;
}

at::Tensor grey_levels(const at::Tensor& x) {
  return ((x + 1) * 128).floor().clamp(0, 255).to(at::kByte);
}

Dequantisation uniform_dequantisation(const at::Tensor& levels,
                                      std::uint64_t seed,
                                      const SampleIds& ids,
                                      std::uint64_t draw) {
  const at::Tensor k = checked(levels);
  const double D = static_cast<double>(k.numel()) / static_cast<double>(k.size(0));
  return {(k + drawn(k, seed, ids, draw)) / 128 - 1,
          at::full({k.size(0)}, D * std::log(128.0), k.options())};
}

Dequantisation truncated_normal_dequantisation(const at::Tensor& levels,
                                               const Level& start,
                                               std::uint64_t seed,
                                               const SampleIds& ids,
                                               std::uint64_t draw) {
  const at::Tensor k = checked(levels);
  const double half = 1.0 / 256 / start.sigma_hat();  // of an interval, in units of the noise
  const double mass = std::erf(half / std::numbers::sqrt2), below = 0.5 * (1 - mass);
  const at::Tensor u =
      at::special_ndtri(below + mass * drawn(k, seed, ids, draw)).clamp(-half, half);
  const double log_normaliser =
      std::log(start.sigma) + 0.5 * std::log(2 * std::numbers::pi) + std::log(mass);
  return {start.alpha() * ((k + 0.5) / 128 - 1) + start.sigma * u,
          (-0.5 * u.square() - log_normaliser).flatten(1).sum(1)};
}

double log_mean_weight(std::span<const double> log_p, std::span<const double> log_q) {
  if (log_p.empty() || log_p.size() != log_q.size()) {
    throw std::invalid_argument(
        "log_mean_weight: expected a log density and a ln q for each draw, and at least one");
  }
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::size_t j = 0; j < log_p.size(); ++j) largest = std::max(largest, log_p[j] - log_q[j]);
  for (std::size_t j = 0; j < log_p.size(); ++j) sum += std::exp(log_p[j] - log_q[j] - largest);
  return largest + std::log(sum / static_cast<double>(log_p.size()));
}

double bits_per_dim(double log_density, std::int64_t dimensions) {
  return -log_density / (static_cast<double>(dimensions) * std::numbers::ln2) + 7;
}

}  // namespace stochflow::diffusion
