#include "stochflow/diffusion/samplers/dpmpp.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {
namespace {

void check_eta(const char* sampler, double eta) {
  if (!(eta >= 0 && eta <= 1)) {
    throw std::invalid_argument(std::string(sampler) + ": expected eta in [0, 1], found " +
                                std::to_string(eta));
  }
}

/// A step down from sigma to `to` as a deterministic step to `down` and noise of size `up`.
struct Split {
  double down, up;
};
Split split(double sigma, double to, double eta) {
  const double ratio = to / sigma;
  const double up = std::min(to, eta * to * std::sqrt(1 - ratio * ratio));
  return {std::sqrt(to * to - up * up), up};
}

/// The flow from y at sigma to `to` with D held fixed: exact for constant D.
at::Tensor towards(const at::Tensor& y, const at::Tensor& D, double sigma, double to) {
  const double ratio = to / sigma;
  return ratio * y + (1 - ratio) * D;
}

}  // namespace

Samples sample_dpmpp_2m(const NoisePredictor& model,
                        const Schedule& schedule,
                        const Draw& draw,
                        std::span<const double> times,
                        const SampleOptions& options) {
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start(), D_before;
  double h_before = 0;
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), h = std::log(sigma / next);
    const at::Tensor D = run.denoised(y, sigma);
    // D extrapolated to the middle of the step.
    const at::Tensor D_middle = k == 0 ? D : D + (0.5 * h / h_before) * (D - D_before);
    y = towards(y, D_middle, sigma, next);
    D_before = D;
    h_before = h;
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

Samples sample_dpmpp_2s(const NoisePredictor& model,
                        const Schedule& schedule,
                        const Draw& draw,
                        std::span<const double> times,
                        double eta,
                        const SampleOptions& options) {
  check_eta("sample_dpmpp_2s", eta);
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k);
    const auto [down, up] = split(sigma, run.sigma(k + 1), eta);
    const double middle = std::sqrt(sigma * down);
    const at::Tensor u = towards(y, run.denoised(y, sigma), sigma, middle);
    y = towards(y, run.denoised(u, middle), sigma, down);
    if (up > 0) y = y + up * run.noise(k);
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

Samples sample_dpmpp_sde(const NoisePredictor& model,
                         const Schedule& schedule,
                         const Draw& draw,
                         std::span<const double> times,
                         double eta,
                         const SampleOptions& options) {
  check_eta("sample_dpmpp_sde", eta);
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), middle = std::sqrt(sigma * next);
    const Split half = split(sigma, middle, eta), whole = split(sigma, next, eta);
    // The halves are equally long in lambda, in which the Brownian path runs.
    const at::Tensor n1 = run.noise(k, 0), n = (n1 + run.noise(k, 1)) / std::numbers::sqrt2;
    const at::Tensor u = towards(y, run.denoised(y, sigma), sigma, half.down) + half.up * n1;
    y = towards(y, run.denoised(u, middle), sigma, whole.down) + whole.up * n;
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

Samples sample_dpmpp_3m_sde(const NoisePredictor& model,
                            const Schedule& schedule,
                            const Draw& draw,
                            std::span<const double> times,
                            double eta,
                            const SampleOptions& options) {
  check_eta("sample_dpmpp_3m_sde", eta);
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start(), D1, D2;
  double h1 = 0, h2 = 0;
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1), h = std::log(sigma / next);
    const double he = (1 + eta) * h;
    const at::Tensor D = run.denoised(y, sigma);
    y = std::exp(-he) * y - std::expm1(-he) * D;
    const double phi2 = std::expm1(-he) / he + 1, phi3 = phi2 / he - 0.5;
    if (k == 1) {
      y = y + (phi2 * h / h1) * (D - D1);
    } else if (k > 1) {
      const double r0 = h1 / h, r1 = h2 / h;
      const at::Tensor first = (D - D1) / r0, bend = (first - (D1 - D2) / r1) / (r0 + r1);
      y = y + phi2 * (first + r0 * bend) - phi3 * bend;
    }
    if (eta > 0) y = y + (next * std::sqrt(-std::expm1(-2 * eta * h))) * run.noise(k);
    D2 = D1;
    D1 = D;
    h2 = h1;
    h1 = h;
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
