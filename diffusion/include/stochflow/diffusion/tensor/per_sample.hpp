#pragma once

// One number a sample beside whole samples.

#include <ATen/ATen.h>

#include <vector>

namespace stochflow::diffusion {

/// scalars [B] as [B, 1, ..., 1], of x's dtype, on its device and with as many dimensions as
/// x [B, ...].
inline at::Tensor beside(const at::Tensor& scalars, const at::Tensor& x) {
  std::vector<std::int64_t> column(static_cast<std::size_t>(x.dim()), 1);
  column[0] = scalars.size(0);
  return scalars.to(x.options()).view(column);
}

/// The same of numbers of the host.
inline at::Tensor beside(const std::vector<double>& scalars, const at::Tensor& x) {
  return beside(at::tensor(scalars, at::kDouble), x);
}

/// One noise level for the whole batch x [B, ...]: gamma as [B] on the host, where
/// NoisePredictor::eps may read it without waiting for the device.
inline at::Tensor one_level(double gamma, const at::Tensor& x) {
  return at::full({x.size(0)}, gamma, x.options().device(at::kCPU));
}

/// The levels of the variance-preserving frame at gamma [B], beside x: computed in float64, because
/// 1 - alpha^2 is what counts, given in x's dtype.
struct FrameLevels {
  at::Tensor alpha, sigma;
};
inline FrameLevels frame_levels(const at::Tensor& gamma, const at::Tensor& x) {
  const at::Tensor wide = gamma.to(x.device(), at::kDouble);
  return {beside(at::sigmoid(-wide).sqrt(), x), beside(at::sigmoid(wide).sqrt(), x)};
}

}  // namespace stochflow::diffusion
