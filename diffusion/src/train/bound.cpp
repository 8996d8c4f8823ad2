#include "stochflow/diffusion/train/bound.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <deque>
#include <future>
#include <stdexcept>

#include "draws.hpp"
#include "stochflow/diffusion/likelihood/denoising_bound.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

// The three terms of a run of images, in nats: sums over draws and pixels, one entry an image.
struct ImageTerms {
  at::Tensor diffusion, prior, decoder;  // [batch] float64
  std::vector<double> noise_error;       // sum of mean squared errors in each slice
  std::vector<std::int64_t> count;       // how many there were
};

constexpr std::int64_t images_at_once = 100;

ImageTerms terms_of(const ScoreNetwork& network,
                    const at::Tensor& levels,
                    std::int64_t first,
                    std::uint64_t seed,
                    std::int64_t draws,
                    std::int64_t slices) {
  const c10::NoGradGuard no_grad;
  const double low = network.config().gamma_min, high = network.config().gamma_max;
  const RandomStream noise(seed, Purpose::training_noise), times(seed, Purpose::training_time);
  const std::int64_t batch = std::min(images_at_once, levels.size(0) - first);
  const SampleIds ids = sample_range(static_cast<std::uint64_t>(first), batch);
  const at::Tensor part = levels.narrow(0, first, batch);
  const double dimensions = static_cast<double>(part.numel() / batch);
  const at::Tensor zero = at::zeros({batch}, at::kDouble);
  ImageTerms sum{zero.clone(),
                 zero.clone(),
                 zero.clone(),
                 std::vector<double>(static_cast<std::size_t>(slices)),
                 std::vector<std::int64_t>(static_cast<std::size_t>(slices))};
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
    const FrameLevels at_lowest = frame_levels(lowest, x);
    const at::Tensor z =
        at_lowest.alpha * x + at_lowest.sigma * normals(noise, ids, 2 * key + 1, x);
    sum.diffusion += terms.diffusion;
    sum.prior += terms.prior;
    sum.decoder += network.decoder_nats(z, lowest, x);
    for (std::int64_t i = 0; i < batch; ++i) {
      const auto slice = static_cast<std::size_t>(std::min<std::int64_t>(
          slices - 1,
          static_cast<std::int64_t>(place.data_ptr<double>()[i] * static_cast<double>(slices))));
      sum.noise_error[slice] +=
          terms.diffusion.data_ptr<double>()[i] / (0.5 * (high - low) * dimensions);
      ++sum.count[slice];
    }
  }
  return sum;
}

}  // namespace

BoundReport evidence_bound(const ScoreNetwork& network,
                           const at::Tensor& levels,
                           std::uint64_t seed,
                           std::int64_t draws,
                           std::int64_t slices,
                           std::int64_t workers) {
  if (levels.dim() < 2 || levels.size(0) < 2 || draws < 1 || slices < 1 || workers < 1) {
    throw std::invalid_argument(
        "the bound needs at least two images, one draw, one slice and one worker");
  }
  std::deque<std::future<ImageTerms>> running;
  std::vector<ImageTerms> parts;
  const auto collect = [&] {
    parts.push_back(running.front().get());
    running.pop_front();
  };
  for (std::int64_t first = 0; first < levels.size(0); first += images_at_once) {
    if (static_cast<std::int64_t>(running.size()) == workers) collect();
    running.push_back(std::async(std::launch::async, [&, first] {
      return terms_of(network, levels, first, seed, draws, slices);
    }));
  }
  while (!running.empty()) collect();

  const double n = static_cast<double>(levels.size(0));
  const double to_bits =
      n / (static_cast<double>(levels.numel() * draws) * std::log(2.0));  // of one image's sums
  BoundReport report;
  report.noise_error.assign(static_cast<std::size_t>(slices), 0.0);
  std::vector<std::int64_t> count(static_cast<std::size_t>(slices));
  double square = 0;
  for (const ImageTerms& part : parts) {
    const auto sum = [&](const at::Tensor& t) { return t.sum().item<double>() * to_bits / n; };
    report.diffusion += sum(part.diffusion);
    report.prior += sum(part.prior);
    report.decoder += sum(part.decoder);
    const at::Tensor total = part.diffusion + part.prior + part.decoder;
    square += total.square().sum().item<double>() * to_bits * to_bits / n;
    for (std::size_t k = 0; k < count.size(); ++k) {
      report.noise_error[k] += part.noise_error[k];
      count[k] += part.count[k];
    }
  }
  const double mean = report.diffusion + report.prior + report.decoder;
  report.standard_error = std::sqrt((square - mean * mean) / (n - 1));
  report.decoder += 7;
  report.bits_per_dim = mean + 7;
  for (std::size_t k = 0; k < count.size(); ++k) {
    if (count[k] > 0) report.noise_error[k] /= static_cast<double>(count[k]);
  }
  return report;
}

}  // namespace stochflow::diffusion
