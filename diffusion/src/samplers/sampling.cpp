#include "stochflow/diffusion/samplers/sampling.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion {

at::Tensor prior_sample(const Schedule& schedule, const Draw& draw) {
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(draw.ids.size())};
  shape.insert(shape.end(), draw.shape.begin(), draw.shape.end());
  const RandomStream stream(draw.seed, Purpose::prior);
  return schedule.prior_std * normals(stream, draw.ids, 0, at::empty(shape, draw.options));
}

at::Tensor prior_log_density(const Schedule& schedule, const at::Tensor& x) {
  const double variance = schedule.prior_std * schedule.prior_std;
  const double D = static_cast<double>(x.numel() / x.size(0));
  return (-0.5 / variance) * x.flatten(1).square().sum(1) -
         0.5 * D * std::log(2 * std::numbers::pi * variance);
}

Samples detail::finish(const NoisePredictor& model,
                       const Schedule& schedule,
                       const SampleOptions& options,
                       Samples samples) {
  if (options.denoise && samples.outcome.ok()) {
    samples.x = denoised_at(model, samples.x, schedule.at(schedule.t0));
    ++samples.nfe;
  }
  return samples;
}

}  // namespace stochflow::diffusion
