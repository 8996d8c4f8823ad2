#pragma once

// Dequantised and noised images for training and validation: a fresh draw every time an image is
// seen.

#include <ATen/ATen.h>

#include <limits>

#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

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

/// The same noised to the levels gamma [B] float64, in the variance-preserving frame: z [B, ...]
/// float32.
inline at::Tensor noised_draw(const at::Tensor& levels,
                              const at::Tensor& gamma,
                              std::uint64_t seed,
                              const SampleIds& ids,
                              std::uint64_t draw) {
  const at::Tensor x = dequantised_draw(levels, seed, ids, draw);
  const FrameLevels at_gamma = frame_levels(gamma, x);
  return at_gamma.alpha * x +
         at_gamma.sigma * normals(RandomStream(seed, Purpose::training_noise), ids, draw, x);
}

}  // namespace stochflow::diffusion::detail
