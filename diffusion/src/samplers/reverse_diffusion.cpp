#include "stochflow/diffusion/samplers/reverse_diffusion.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_reverse_diffusion(const NoisePredictor& model,
                                 const Schedule& schedule,
                                 const Draw& draw,
                                 std::span<const double> times,
                                 const SampleOptions& options) {
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1);
    const double r = run.level(k).alpha() / run.level(k + 1).alpha();
    // With x = alpha y:  score = (D - y)/(alpha sigma^2),  G^2 = alpha^2 (sigma^2 - next^2).
    const double spread = sigma * sigma - next * next;
    const at::Tensor towards = (spread / (sigma * sigma)) * (run.denoised(y, sigma) - y);
    y = r * ((2 - r) * y + towards + std::sqrt(spread) * run.noise(k));
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
