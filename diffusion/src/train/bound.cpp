#include "stochflow/diffusion/train/bound.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>

#include "draws.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

struct Levels {
  at::Tensor alpha, sigma;
};
Levels levels_of(const at::Tensor& gamma, const at::Tensor& like) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
  shape[0] = -1;
  const at::Tensor wide = gamma.to(at::kDouble);
  const auto column = [&](const at::Tensor& t) {
    return at::sqrt(at::sigmoid(t)).to(like.scalar_type()).reshape(shape);
  };
  return {column(-wide), column(wide)};
}

}  // namespace

BoundTerms bound_terms(const NoisePredictor& model,
                       const at::Tensor& x,
                       const at::Tensor& gamma,
                       const at::Tensor& noise,
                       double gamma_min,
                       double gamma_max) {
  const Levels at_gamma = levels_of(gamma, x);
  const at::Tensor eps = model.eps(at_gamma.alpha * x + at_gamma.sigma * noise, gamma);
  const at::Tensor error = (noise - eps).to(at::kDouble).square().flatten(1).sum(1);
  // KL(N(a x, s^2) || N(0, 1)) per value: (a^2 x^2 + s^2 - 1 - ln s^2)/2, with 1 - s^2 = a^2.
  const double alpha2 = 1 / (1 + std::exp(gamma_max));
  const at::Tensor square = x.to(at::kDouble).square().flatten(1);
  const at::Tensor prior = 0.5 * (alpha2 * (square - 1) - std::log1p(-alpha2)).sum(1);
  return {0.5 * (gamma_max - gamma_min) * error, prior};
}

BoundReport evidence_bound(const ScoreNetwork& network,
                           const at::Tensor& levels,
                           std::uint64_t seed,
                           std::int64_t draws,
                           std::int64_t slices) {
  if (levels.dim() < 2 || levels.size(0) < 2 || draws < 1 || slices < 1) {
    throw std::invalid_argument("the bound needs at least two images, one draw and one slice");
  }
  const at::NoGradGuard no_grad;
  const ScoreNetworkConfig& config = network.config();
  const double low = config.gamma_min, high = config.gamma_max;
  const RandomStream noise(seed, Purpose::training_noise), times(seed, Purpose::training_time);
  const std::int64_t images = levels.size(0);
  const double dimensions = static_cast<double>(levels.numel() / images);
  const double to_bits = 1 / (dimensions * std::log(2.0));
  BoundReport report;
  report.noise_error.assign(static_cast<std::size_t>(slices), 0.0);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(slices), 0);
  double sum = 0, squares = 0;
  for (std::int64_t first = 0; first < images; first += 100) {
    const std::int64_t batch = std::min<std::int64_t>(100, images - first);
    const SampleIds ids = sample_range(static_cast<std::uint64_t>(first), batch);
    const at::Tensor part = levels.narrow(0, first, batch);
    at::Tensor total = at::zeros({batch}, at::kDouble);
    for (std::int64_t draw = 0; draw < draws; ++draw) {
      const auto key = static_cast<std::uint64_t>(draw);
      const at::Tensor x = detail::dequantised_draw(part, seed, ids, key);
      const double u = uniform_pair(times, static_cast<std::uint64_t>(first), key, 0)[0];
      const at::Tensor place =
          at::frac(at::arange(batch, at::kDouble) * (1 / static_cast<double>(batch)) + u);
      const at::Tensor gamma = (low + (high - low) * place).to(at::kFloat);
      const BoundTerms terms =
          bound_terms(network, x, gamma, normals(noise, ids, 2 * key, x), low, high);
      const at::Tensor lowest = at::full({batch}, low, at::kFloat);
      const Levels at_lowest = levels_of(lowest, x);
      const at::Tensor z =
          at_lowest.alpha * x + at_lowest.sigma * normals(noise, ids, 2 * key + 1, x);
      const at::Tensor decoder = network.decoder_nats(z, lowest, x);
      total += terms.diffusion + terms.prior + decoder;
      report.diffusion += terms.diffusion.sum().item<double>();
      report.prior += terms.prior.sum().item<double>();
      report.decoder += decoder.sum().item<double>();
      for (std::int64_t i = 0; i < batch; ++i) {
        const auto slice = std::min<std::int64_t>(
            slices - 1, static_cast<std::int64_t>(place.data_ptr<double>()[i] * slices));
        report.noise_error[static_cast<std::size_t>(slice)] +=
            terms.diffusion.data_ptr<double>()[i] / (0.5 * (high - low) * dimensions);
        ++counts[static_cast<std::size_t>(slice)];
      }
    }
    const at::Tensor mean = total / static_cast<double>(draws);
    sum += mean.sum().item<double>();
    squares += mean.square().sum().item<double>();
  }
  const double n = static_cast<double>(images), all = n * static_cast<double>(draws);
  report.bits_per_dim = sum / n * to_bits + 7;
  report.standard_error = std::sqrt((squares / n - sum / n * sum / n) / (n - 1)) * to_bits;
  report.diffusion *= to_bits / all;
  report.prior *= to_bits / all;
  report.decoder = report.decoder * to_bits / all + 7;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) report.noise_error[k] /= static_cast<double>(counts[k]);
  }
  return report;
}

}  // namespace stochflow::diffusion
