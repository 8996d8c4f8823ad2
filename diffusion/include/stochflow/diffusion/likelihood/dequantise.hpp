#pragma once

// From 8-bit grey levels to a density and back to bits. A density p over continuous x says nothing
// about integers k; but with x drawn from any q(x|k) on k's own interval,
//   P(k) = int p(x) dx over the interval = E_q[p(x)/q(x|k)],   so   ln P(k) >= E_q[ln p(x) - ln
//   q(x|k)].
// With uniform noise, x = (k + u)/128 - 1 in [-1, 1), a model that knows nothing, uniform on [-1,
// 1), costs exactly 8 bits a pixel. The bound tightens with several draws of x, whose weights p/q
// are averaged before the logarithm is taken (and divided by their number: without that the figure
// is too good by log2(K)/D). A truncated normal as wide as the noise at t0 makes x what the model
// is trained on there, so nothing is cut off; it suits networks trained on levels without uniform
// noise, and noise at t0 not much below a third of a level.
// Source: Theis, van den Oord, Bethge 2016, section 3.1; Burda, Grosse, Salakhutdinov 2016, eq.
// (8); Zheng et al. 2023 (i-DODE), section 4.2, for the truncated normal.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {

/// levels [B, ...] of integers 0..255 -> x = (k + u)/128 - 1 in float64, u uniform on [0, 1) keyed
/// by (seed, ids[i], component). Throws std::invalid_argument for levels outside 0..255.
at::Tensor dequantised(const at::Tensor& levels, std::uint64_t seed, const SampleIds& ids);

/// The way back, for x of any origin: the grey levels, uint8, in whose intervals the values lie, or
/// the nearest. Not for NaN.
at::Tensor grey_levels(const at::Tensor& x);

struct Dequantisation {
  at::Tensor x;      // [B, ...] float64
  at::Tensor log_q;  // [B] float64: ln q(x|k), nats
};

/// Draw number `draw` of x, with ln q = D ln 128; draw 0 is that of `dequantised`. Throws as above.
Dequantisation uniform_dequantisation(const at::Tensor& levels,
                                      std::uint64_t seed,
                                      const SampleIds& ids,
                                      std::uint64_t draw = 0);

/// x = alpha c_k + sigma u at the level `start` of a schedule (that of t0), c_k = (k + 1/2)/128 -
/// 1, u standard normal cut off where k's interval ends. Throws as above.
Dequantisation truncated_normal_dequantisation(const at::Tensor& levels,
                                               const Level& start,
                                               std::uint64_t seed,
                                               const SampleIds& ids,
                                               std::uint64_t draw = 0);

/// ln of the mean of the weights exp(log_p - log_q), one for each draw: a lower bound of ln P(k) in
/// expectation, and ln P(k) itself in the limit of many draws. Throws std::invalid_argument unless
/// there are as many of both and at least one.
double log_mean_weight(std::span<const double> log_p, std::span<const double> log_q);

/// Bits per dimension of 8-bit data whose dequantised x has this log density (nats):
/// -log p(x) / (D ln 2) + 7, since a level is 1/128 wide.
double bits_per_dim(double log_density, std::int64_t dimensions);

}  // namespace stochflow::diffusion
