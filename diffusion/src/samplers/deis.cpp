#include "stochflow/diffusion/samplers/deis.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <deque>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {
namespace {

struct Known {
  double u;  // ln sigma
  at::Tensor eps;
};

/// int e^u L_j(u) du from `from` to `to`, L_j Lagrange's polynomial of node j.
double weight(const std::deque<Known>& nodes, std::size_t j, double from, double to) {
  const auto integrand = [&](double u) {
    double product = std::exp(u);
    for (std::size_t l = 0; l < nodes.size(); ++l) {
      if (l != j) product *= (u - nodes[l].u) / (nodes[j].u - nodes[l].u);
    }
    return product;
  };
  return boost::math::quadrature::gauss<double, 15>::integrate(integrand, from, to);
}

}  // namespace

Samples sample_deis(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    int order,
                    const SampleOptions& options) {
  if (order < 1 || order > 4) {
    throw std::invalid_argument("sample_deis: expected an order from 1 to 4, found " +
                                std::to_string(order));
  }
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  std::deque<Known> past;  // the newest first
  for (std::size_t k = 0; k < run.steps(); ++k) {
    const double sigma = run.sigma(k), from = std::log(sigma), to = std::log(run.sigma(k + 1));
    past.push_front({from, (y - run.denoised(y, sigma)) / sigma});
    if (past.size() > static_cast<std::size_t>(order)) past.pop_back();
    for (std::size_t j = 0; j < past.size(); ++j) y = y + weight(past, j, from, to) * past[j].eps;
    run.arrive(k + 1, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
