#pragma once

// From 8-bit grey levels to a density and back to bits. A density over continuous x says nothing
// about integers; with uniform noise added, x = (k + u)/128 - 1 in [-1, 1), its expected negative
// logarithm bounds the code length of k from above. A model that knows nothing, uniform on [-1, 1),
// costs exactly 8 bits a pixel.
// Source: Theis, van den Oord, Bethge 2016, section 3.1.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {

/// levels [B, ...] of integers 0..255 -> x = (k + u)/128 - 1 in float64, u uniform on [0, 1) keyed
/// by (seed, ids[i], component). Throws std::invalid_argument for levels outside 0..255.
at::Tensor dequantised(const at::Tensor& levels, std::uint64_t seed, const SampleIds& ids);

/// Bits per dimension of 8-bit data whose dequantised x has this log density (nats):
/// -log p(x) / (D ln 2) + 7, since a level is 1/128 wide.
double bits_per_dim(double log_density, std::int64_t dimensions);

}  // namespace stochflow::diffusion
