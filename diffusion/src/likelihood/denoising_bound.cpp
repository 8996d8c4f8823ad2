#include "stochflow/diffusion/likelihood/denoising_bound.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/score/micro_batches.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {

BoundTerms bound_terms(const NoisePredictor& model,
                       const at::Tensor& x,
                       const at::Tensor& gamma,
                       const at::Tensor& noise,
                       double gamma_min,
                       double gamma_max) {
  const FrameLevels at_gamma = frame_levels(gamma, x);
  const at::Tensor eps = model.eps(at_gamma.alpha * x + at_gamma.sigma * noise, gamma);
  const at::Tensor error = (noise - eps).to(at::kDouble).square().flatten(1).sum(1);
  // KL(N(a x, s^2) || N(0, 1)) per value: (a^2 x^2 + s^2 - 1 - ln s^2)/2, with 1 - s^2 = a^2.
  const double alpha2 = 1 / (1 + std::exp(gamma_max));
  const at::Tensor square = x.to(at::kDouble).square().flatten(1);
  const at::Tensor prior = 0.5 * (alpha2 * (square - 1) - std::log1p(-alpha2)).sum(1);
  return {0.5 * (gamma_max - gamma_min) * error, prior};
}

std::vector<double> denoising_bound(const NoisePredictor& model,
                                    const Schedule& schedule,
                                    const at::Tensor& x,
                                    const SampleIds& ids,
                                    std::int64_t draws,
                                    const LikelihoodOptions& options) {
  const std::int64_t N = x.size(0), D = x.numel() / std::max<std::int64_t>(N, 1);
  if (draws < 1 || static_cast<std::int64_t>(ids.size()) != N) {
    throw std::invalid_argument(
        "denoising_bound: expected at least one draw and an id for each of " + std::to_string(N) +
        " rows, found " + std::to_string(draws) + " draws and " + std::to_string(ids.size()) +
        " ids");
  }
  const c10::NoGradGuard no_gradients;
  const double low = schedule.at(schedule.t0).gamma, high = schedule.at(schedule.t1).gamma;
  const double part = (high - low) / static_cast<double>(draws);
  const double decoder = 0.5 * static_cast<double>(D) * (std::log(2 * std::numbers::pi) + 1 + low);
  const RandomStream levels(options.seed, Purpose::training_time);
  const RandomStream noise(options.seed, Purpose::training_noise);
  const MicroBatches in_pieces(model, options.micro);
  std::vector<double> nats;
  for (std::int64_t first = 0; first < N; first += options.batch) {
    const std::int64_t count = std::min(options.batch, N - first);
    const SampleIds own(ids.begin() + first, ids.begin() + first + count);
    const at::Tensor some = x.narrow(0, first, count).to(options.dtype);
    at::Tensor sum = at::zeros({count}, some.options().dtype(at::kDouble));
    for (std::int64_t k = 0; k < draws; ++k) {
      const auto draw = static_cast<std::uint64_t>(k);
      const at::Tensor place = uniforms(levels, own, draw, at::empty({count}, at::kDouble));
      const at::Tensor gamma = (low + part * (static_cast<double>(k) + place)).to(options.dtype);
      const BoundTerms terms =
          bound_terms(in_pieces, some, gamma, normals(noise, own, draw, some), low, high);
      sum += terms.diffusion + terms.prior;
    }
    const at::Tensor found = (sum / static_cast<double>(draws) + decoder).to(at::kCPU).contiguous();
    nats.insert(nats.end(), found.data_ptr<double>(), found.data_ptr<double>() + count);
  }
  return nats;
}

}  // namespace stochflow::diffusion
