#include "stochflow/diffusion/train/muon.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace stochflow::diffusion {

at::Tensor orthogonalised(const at::Tensor& m) {
  constexpr int steps = 5;
  at::Tensor x = m.flatten(1);
  const bool tall = x.size(0) > x.size(1);  // the products are of the short side's size
  if (tall) x = x.t();
  x = x / x.norm().clamp_min(1e-30);
  for (int k = 0; k < steps; ++k) {
    const at::Tensor a = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(a, a, a, -4.7750, 2.0315), x, 3.4445);
  }
  return (tall ? x.t() : x).reshape(m.sizes());
}

at::Tensor muon_direction(const at::Tensor& momentum) {
  const auto rows = momentum.size(0), columns = momentum.numel() / momentum.size(0);
  return orthogonalised(momentum) * (0.4 * std::sqrt(static_cast<double>(std::max(rows, columns))));
}

}  // namespace stochflow::diffusion
