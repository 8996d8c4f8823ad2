#pragma once

// Dequantised images for training and validation: a fresh draw every time an image is seen.

#include <ATen/ATen.h>

#include <limits>

#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion::detail {

/// levels [B, ...] uint8 -> x = (k + u)/128 - 1 in float32, u keyed by (seed, ids[i], draw). The
/// last bit is rounded down where rounding would lead to the next level.
inline at::Tensor dequantised_draw(const at::Tensor& levels,
                                   std::uint64_t seed,
                                   const SampleIds& ids,
                                   std::uint64_t draw) {
  const at::Tensor k = levels.to(at::kDouble);
  const at::Tensor u = uniforms(RandomStream(seed, Purpose::dequantisation), ids, draw, k);
  const at::Tensor next = (k + 1).to(at::kFloat);
  return at::minimum((k + u).to(at::kFloat), at::nextafter(next, at::zeros_like(next))) / 128 - 1;
}

}  // namespace stochflow::diffusion::detail
