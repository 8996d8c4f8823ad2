#include "stochflow/diffusion/nets/palettes.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

constexpr std::int64_t levels = 256;
using Table = std::array<double, levels>;

/// How often each level but the background occurs in an image.
struct Counts {
  std::vector<std::pair<int, double>> of_level;
  double sum = 0;
};

std::vector<Counts> counts_of(const at::Tensor& images) {
  if (images.dim() < 2 || images.scalar_type() != at::kByte || images.size(0) == 0) {
    throw std::invalid_argument("palettes: expected images [N, ...] uint8, at least one");
  }
  const at::Tensor flat = images.flatten(1).to(at::kCPU).contiguous();
  const std::int64_t pixels = flat.size(1);
  const auto* const data = flat.data_ptr<std::uint8_t>();
  std::vector<Counts> counts(static_cast<std::size_t>(flat.size(0)));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Table n{};
    for (std::int64_t k = 0; k < pixels; ++k) {
      ++n[data[static_cast<std::int64_t>(i) * pixels + k]];
    }
    for (int v = 1; v < levels; ++v) {
      if (n[static_cast<std::size_t>(v)] == 0) continue;
      counts[i].of_level.emplace_back(v, n[static_cast<std::size_t>(v)]);
      counts[i].sum += n[static_cast<std::size_t>(v)];
    }
  }
  return counts;
}

/// ln of weight and likelihood of each palette for an image, brought to probabilities; returns the
/// ln of their sum. `ratios` is [K, 256].
double responsibilities(const Counts& image,
                        const std::vector<double>& log_weights,
                        const std::vector<Table>& log_ratios,
                        std::vector<double>& out) {
  double largest = -1e300, sum = 0;
  for (std::size_t c = 0; c < out.size(); ++c) {
    double l = log_weights[c];
    for (const auto& [v, n] : image.of_level) l += n * log_ratios[c][static_cast<std::size_t>(v)];
    out[c] = l;
    largest = std::max(largest, l);
  }
  for (double& l : out) {
    l = std::exp(l - largest);
    sum += l;
  }
  for (double& l : out) l /= sum;
  return largest + std::log(sum);
}

/// Logarithms of frequencies relative to the average image's, with level 0 left at ratio one.
Table log_ratios_of(const Table& frequencies, const Table& average) {
  double sum = 0;
  for (int v = 1; v < levels; ++v) sum += frequencies[static_cast<std::size_t>(v)];
  Table ratios{};
  for (std::size_t v = 1; v < levels; ++v) ratios[v] = std::log(frequencies[v] / sum / average[v]);
  return ratios;
}

}  // namespace

void check(const Palettes& p) {
  const bool shapes = p.log_weights.defined() && p.log_ratios.defined() &&
                      p.log_weights.dim() == 1 && p.log_weights.size(0) > 0 &&
                      p.log_ratios.sizes() == at::IntArrayRef({p.log_weights.size(0), levels}) &&
                      p.log_weights.scalar_type() == at::kDouble &&
                      p.log_ratios.scalar_type() == at::kDouble;
  if (!shapes || !at::isfinite(p.log_weights).all().item<bool>() ||
      !at::isfinite(p.log_ratios).all().item<bool>() ||
      (p.log_ratios.select(1, 0) != 0).any().item<bool>()) {
    throw std::invalid_argument(
        "palettes: expected finite float64 log_weights [K] and log_ratios [K, 256], the latter 0 "
        "for level 0");
  }
}

PaletteLookup::PaletteLookup(const Palettes& palettes, at::Device device) {
  check(palettes);
  log_weights = palettes.log_weights.contiguous().to(device);
  log_ratios = palettes.log_ratios.t().contiguous().to(device);
  ratios = log_ratios.exp();
}

Palettes fit_palettes(const at::Tensor& images, const PaletteFit& fit) {
  if (fit.palettes < 1 || fit.rounds < 1 || !(fit.prior > 0)) {
    throw std::invalid_argument(
        "fit_palettes: expected at least one palette and one round, and a prior above 0");
  }
  const std::vector<Counts> counts = counts_of(images);
  const auto K = static_cast<std::size_t>(fit.palettes);
  Table average;
  average.fill(1);
  average[0] = 0;
  for (const Counts& image : counts) {
    for (const auto& [v, n] : image.of_level) average[static_cast<std::size_t>(v)] += n;
  }
  double sum = 0;
  for (const double n : average) sum += n;
  for (double& n : average) n /= sum;

  // Each starts half-way between the average image and one drawn at random.
  std::vector<double> log_weights(K, -std::log(static_cast<double>(K)));
  std::vector<Table> log_ratios(K);
  const RandomStream stream(fit.seed, Purpose::initial_weights);
  for (std::size_t c = 0; c < K; ++c) {
    const double u = uniform_pair(stream, c, 0, 0)[0];
    const Counts& image = counts[std::min(
        counts.size() - 1, static_cast<std::size_t>(u * static_cast<double>(counts.size())))];
    Table frequencies = average;
    for (const auto& [v, n] : image.of_level) {
      frequencies[static_cast<std::size_t>(v)] += n / image.sum;
    }
    log_ratios[c] = log_ratios_of(frequencies, average);
  }
  std::vector<double> share(K);
  for (std::int64_t round = 0; round < fit.rounds; ++round) {
    std::vector<double> weight(K, 1e-3);
    std::vector<Table> frequencies(K);
    for (Table& f : frequencies) {
      for (std::size_t v = 0; v < levels; ++v) f[v] = fit.prior * average[v];
    }
    for (const Counts& image : counts) {
      responsibilities(image, log_weights, log_ratios, share);
      for (std::size_t c = 0; c < K; ++c) {
        if (share[c] < 1e-9) continue;
        weight[c] += share[c];
        for (const auto& [v, n] : image.of_level) {
          frequencies[c][static_cast<std::size_t>(v)] += share[c] * n;
        }
      }
    }
    double all = 0;
    for (const double w : weight) all += w;
    for (std::size_t c = 0; c < K; ++c) {
      log_weights[c] = std::log(weight[c] / all);
      log_ratios[c] = log_ratios_of(frequencies[c], average);
    }
  }
  Palettes palettes{at::tensor(log_weights, at::kDouble),
                    at::empty({fit.palettes, levels}, at::kDouble)};
  for (std::size_t c = 0; c < K; ++c) {
    std::copy(log_ratios[c].begin(),
              log_ratios[c].end(),
              palettes.log_ratios.data_ptr<double>() + c * levels);
  }
  return palettes;
}

double bits_saved(const Palettes& palettes, const at::Tensor& images) {
  check(palettes);
  const auto K = static_cast<std::size_t>(palettes.count());
  const auto* const weights = palettes.log_weights.contiguous().data_ptr<double>();
  const at::Tensor ratios = palettes.log_ratios.contiguous();
  std::vector<Table> log_ratios(K);
  for (std::size_t c = 0; c < K; ++c) {
    std::copy_n(ratios.data_ptr<double>() + c * levels, levels, log_ratios[c].begin());
  }
  std::vector<double> share(K);
  double sum = 0;
  for (const Counts& image : counts_of(images)) {
    sum += responsibilities(image, std::vector<double>(weights, weights + K), log_ratios, share);
  }
  return sum / (static_cast<double>(images.numel()) * std::numbers::ln2);
}

namespace {
constexpr double hidden = -7;  // above, noise hides the levels' steps
}  // namespace

double share_of_palettes(double gamma) {
  const double u = std::clamp(hidden - gamma, 0.0, 1.0);
  return u * u * (3 - 2 * u);
}

at::Tensor share_of_palettes(const at::Tensor& gamma) {
  const at::Tensor u = (hidden - gamma).clamp(0, 1);
  return u * u * (3 - 2 * u);
}

}  // namespace stochflow::diffusion
