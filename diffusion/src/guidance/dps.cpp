#include "stochflow/diffusion/guidance/dps.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_dps(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   std::span<const double> times,
                   const Measurement& measurement,
                   double zeta,
                   const SampleOptions& options) {
  if (!(zeta > 0)) throw std::invalid_argument("sample_dps: expected zeta > 0");
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), q = next * next / (sigma * sigma);
    at::Tensor D, gradient;
    {
      const c10::AutoGradMode with_gradients(true);
      const at::Tensor leaf = y.detach().requires_grad_(true);
      D = run.denoised(leaf, sigma);
      const at::Tensor residual = measurement.y.to(y.options()) - measurement.A.apply(D);
      // A sum of norms: each sample has the gradient of its own.
      gradient = torch::autograd::grad({residual.flatten(1).norm(2, 1).sum()}, {leaf})[0];
      D = D.detach();
    }
    // The paper's x is the variance-preserving z = y/sqrt(1 + sigma^2).
    const double unit = std::sqrt((1 + sigma * sigma) * (1 + next * next));
    y = q * y + (1 - q) * D + next * std::sqrt(1 - q) * run.noise(k) - zeta * unit * gradient;
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
