#include "stochflow/diffusion/guidance/repaint.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_repaint(const NoisePredictor& model,
                       const Schedule& schedule,
                       const Draw& draw,
                       std::span<const double> times,
                       const KnownPart& part,
                       int resamples,
                       const SampleOptions& options) {
  if (resamples < 1 || resamples > 10000) {
    throw std::invalid_argument("sample_repaint: expected resamples from 1 to 10000, found " +
                                std::to_string(resamples));
  }
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  const at::Tensor known = part.known.to(y.options()), x0 = part.values.to(y.options());
  const auto mixed = [&](const at::Tensor& of_known, const at::Tensor& of_new) {
    return known * of_known + (1 - known) * of_new;
  };
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), q = next * next / (sigma * sigma);
    const double spread = next * std::sqrt(1 - q);
    for (int j = 0; j < resamples; ++j) {
      const auto draw_number = static_cast<std::uint64_t>(3 * j);
      if (j > 0) {
        y = y + std::sqrt(sigma * sigma - next * next) * run.noise(k, draw_number);
      }
      const at::Tensor predicted =
          q * y + (1 - q) * run.denoised(y, sigma) + spread * run.noise(k, draw_number + 1);
      y = mixed(x0 + next * run.noise(k, draw_number + 2), predicted);
    }
    run.arrive(k + 1, y);
  }
  Samples samples = run.finish(y);
  if (options.denoise) samples.x = mixed(x0, samples.x);
  return samples;
}

}  // namespace stochflow::diffusion
