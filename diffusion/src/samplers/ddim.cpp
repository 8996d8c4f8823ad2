#include "stochflow/diffusion/samplers/ddim.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_ddim(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    double eta,
                    const SampleOptions& options) {
  if (!(eta >= 0 && eta <= 1)) {
    throw std::invalid_argument("sample_ddim: expected eta in [0, 1], found " +
                                std::to_string(eta));
  }
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), ratio = next / sigma;
    const double c = eta * next * std::sqrt(1 - ratio * ratio);
    const at::Tensor D = run.denoised(y, sigma);
    y = D + (std::sqrt(next * next - c * c) / sigma) * (y - D);
    if (c > 0) y = y + c * run.noise(k);
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
