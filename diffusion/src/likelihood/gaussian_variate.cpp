#include "stochflow/diffusion/likelihood/gaussian_variate.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tuple>

namespace stochflow::diffusion {

GaussianVariate gaussian_variate(const at::Tensor& x) {
  if (x.dim() < 2 || x.size(0) < 2) {
    throw std::invalid_argument("gaussian_variate: expected data [N, ...] with N of at least 2");
  }
  const at::Tensor flat = x.flatten(1).to(at::kDouble);
  const at::Tensor centred = flat - flat.mean(0);
  const at::Tensor C = centred.t().matmul(centred) / static_cast<double>(x.size(0));
  const auto [variances, columns] = at::linalg_eigh(C);
  return {.axes = columns.t().contiguous(), .variances = variances.clamp_min(0)};
}

at::Tensor correction(const GaussianVariate& variate,
                      const at::Tensor& probes,
                      double from,
                      double to) {
  from = std::max(from, variate.above);
  if (to <= from) return at::zeros({probes.size(1)}, variate.axes.options());
  const at::Tensor v = probes.flatten(2).to(variate.axes.options());  // [P, B, D]
  const at::Tensor along = v.matmul(variate.axes.t()).square().mean(0);
  const at::Tensor weights = 0.5 * (at::log(std::exp(to) + variate.variances) -
                                    at::log(std::exp(from) + variate.variances));
  return ((1 - along) * weights).sum(1);
}

}  // namespace stochflow::diffusion
