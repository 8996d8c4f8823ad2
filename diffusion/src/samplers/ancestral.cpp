#include "stochflow/diffusion/samplers/ancestral.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {
namespace {

template <class Spread>
Samples with_spread(GridRun run, const Spread& spread) {
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double ratio = run.sigma(k + 1) / run.sigma(k), q = ratio * ratio;
    y = q * y + (1 - q) * run.denoised(y, run.sigma(k)) + spread(run, k, q) * run.noise(k);
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace

Samples sample_ancestral(const NoisePredictor& model,
                         const Schedule& schedule,
                         const Draw& draw,
                         std::span<const double> times,
                         const SampleOptions& options) {
  return with_spread({model, schedule, draw, times, options},
                     [](const GridRun& run, std::size_t k, double q) {
                       return run.sigma(k + 1) * std::sqrt(1 - q);
                     });
}

Samples sample_ddpm(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options) {
  // The forward step x = r x' + G n has r = alpha/alpha', G^2 = (alpha sigma)^2 - (r alpha'
  // sigma')^2.
  return with_spread({model, schedule, draw, times, options},
                     [](const GridRun& run, std::size_t k, double q) {
                       const double r = run.level(k).alpha() / run.level(k + 1).alpha();
                       return r * run.sigma(k) * std::sqrt(1 - q);
                     });
}

}  // namespace stochflow::diffusion
