#include "stochflow/diffusion/samplers/edm.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_edm(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   std::span<const double> times,
                   const Churn& churn,
                   const SampleOptions& options) {
  if (!(churn.churn >= 0 && churn.noise >= 0)) {
    throw std::invalid_argument("sample_edm: churn and its noise factor must not be negative");
  }
  GridRun run(model, schedule, draw, times, options);
  const double most =
      std::min(churn.churn / static_cast<double>(run.steps()), std::numbers::sqrt2 - 1);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    double sigma = run.sigma(k);
    const double next = run.sigma(k + 1);
    if (most > 0 && churn.from <= sigma && sigma <= churn.to) {
      const double raised = std::min(sigma * (1 + most), run.sigma(0));
      y = y + (std::sqrt(raised * raised - sigma * sigma) * churn.noise) * run.noise(k);
      sigma = raised;
    }
    const at::Tensor d = (y - run.denoised(y, sigma)) / sigma;
    const at::Tensor euler = y + (next - sigma) * d;
    const at::Tensor d_next = (euler - run.denoised(euler, next)) / next;
    y = y + (0.5 * (next - sigma)) * (d + d_next);
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
