#include "stochflow/diffusion/samplers/dpm_solver.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_dpm_solver(const NoisePredictor& model,
                          const Schedule& schedule,
                          const Draw& draw,
                          std::span<const double> times,
                          int order,
                          const SampleOptions& options) {
  if (order < 1 || order > 3) {
    throw std::invalid_argument("sample_dpm_solver: expected order 1, 2 or 3, found " +
                                std::to_string(order));
  }
  GridRun run(model, schedule, draw, times, options);
  const auto eps = [&](const at::Tensor& y, double sigma) {
    return (y - run.denoised(y, sigma)) / sigma;
  };
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), h = std::log(sigma / next);
    const at::Tensor e = eps(y, sigma);
    // sigma' expm1(h) = sigma - sigma'
    const at::Tensor first = y - (sigma - next) * e;
    if (order == 1) {
      y = first;
    } else if (order == 2) {
      const double middle = std::sqrt(sigma * next);
      const at::Tensor u = y - (sigma - middle) * e;
      y = first - (sigma - next) * (eps(u, middle) - e);
    } else {
      const double s1 = sigma * std::exp(-h / 3), s2 = sigma * std::exp(-2 * h / 3);
      const auto psi = [](double x) { return std::expm1(x) / x - 1; };
      const at::Tensor u1 = y - (sigma - s1) * e;
      const at::Tensor d1 = eps(u1, s1) - e;
      const at::Tensor u2 = y - (sigma - s2) * e - (2 * s2 * psi(2 * h / 3)) * d1;
      y = first - (1.5 * next * psi(h)) * (eps(u2, s2) - e);
    }
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
