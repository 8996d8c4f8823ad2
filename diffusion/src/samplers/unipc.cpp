#include "stochflow/diffusion/samplers/unipc.hpp"

#include <ATen/ATen.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {
namespace {

struct Known {
  double lambda;
  at::Tensor D;
};

/// Weights of the differences at the relative nodes r (the last is 1 for the corrector): they make
/// the rule exact for D polynomial in lambda.
Eigen::VectorXd weights(const std::vector<double>& r, double h) {
  const auto p = static_cast<Eigen::Index>(r.size());
  const double hh = -h, B = std::expm1(hh);
  Eigen::MatrixXd R(p, p);
  Eigen::VectorXd b(p);
  double phi = B / hh - 1, factorial = 1;
  for (Eigen::Index i = 0; i < p; ++i) {
    for (Eigen::Index j = 0; j < p; ++j) {
      R(i, j) = std::pow(r[static_cast<std::size_t>(j)], static_cast<double>(i));
    }
    b[i] = phi * factorial / B;
    factorial *= static_cast<double>(i + 2);
    phi = phi / hh - 1 / factorial;
  }
  return R.partialPivLu().solve(b);
}

}  // namespace

Samples sample_unipc(const NoisePredictor& model,
                     const Schedule& schedule,
                     const Draw& draw,
                     std::span<const double> times,
                     int order,
                     const SampleOptions& options) {
  if (order < 1 || order > 5) {
    throw std::invalid_argument("sample_unipc: expected an order from 1 to 5, found " +
                                std::to_string(order));
  }
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  std::deque<Known> past;  // the newest first
  past.push_front({-std::log(run.sigma(0)), run.denoised(y, run.sigma(0))});
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), next = run.sigma(k + 1);
    const double h = std::log(sigma / next), B = std::expm1(-h);
    // Few values at the start, and no extrapolation by a high order at the end.
    const std::size_t p = std::min({static_cast<std::size_t>(order), k + 1, run.steps() - k});

    const at::Tensor D = past[0].D;
    std::vector<double> r;
    std::vector<at::Tensor> slopes;
    for (std::size_t j = 1; j < p; ++j) {
      r.push_back((past[j].lambda - past[0].lambda) / h);
      slopes.push_back((past[j].D - D) / r.back());
    }
    const at::Tensor base = (next / sigma) * y - B * D;
    at::Tensor predicted = base;
    if (p > 1) {
      const Eigen::VectorXd rho = weights(r, h);
      for (std::size_t j = 0; j + 1 < p; ++j) {
        predicted = predicted - (B * rho[static_cast<Eigen::Index>(j)]) * slopes[j];
      }
    }
    if (k + 1 == run.steps()) {
      y = predicted;  // a correction would cost an evaluation that nothing else needs
    } else {
      const at::Tensor D_next = run.denoised(predicted, next);
      r.push_back(1);
      slopes.push_back(D_next - D);
      const Eigen::VectorXd rho = weights(r, h);
      y = base;
      for (std::size_t j = 0; j < p; ++j) {
        y = y - (B * rho[static_cast<Eigen::Index>(j)]) * slopes[j];
      }
      past.push_front({-std::log(next), D_next});
      if (past.size() > static_cast<std::size_t>(order)) past.pop_back();
    }
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
