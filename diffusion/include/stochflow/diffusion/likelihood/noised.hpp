#pragma once

// Dequantisation of the third kind: uniform, and then noised as the model expects it at t0. Where
// likelihoods score x as if it had the noise of t0, without adding any, the cut-off
// (likelihood/budget.hpp) is left in the figure. Here the noise is added, z = alpha x + sigma u,
// and paid for, which makes a bound without cut-off:
//   ln p(x) >= E_u[ln p(z) + ln q(x|z) - ln p(z|x)]
// with q(x|z) normal around (z - sigma eps)/alpha, of standard deviation sigma/alpha: the "Jensen
// offset" of Song et al.; eps is the model's noise at z. The last two terms are
// D ln alpha + (|u|^2 - |u - eps|^2)/2. Source: Song, Durkan, Murray and Ermon 2021 (maximum
// likelihood training of score-based diffusion models).

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

/// z of draw number `draw` alone, for which no model is called. levels [B, ...] of integers 0..255.
at::Tensor noised_images(const at::Tensor& levels,
                         const Schedule& schedule,
                         std::uint64_t seed,
                         const SampleIds& ids,
                         std::uint64_t draw = 0);

/// Draw number `draw`: x becomes z, log_q what ln p(z) has to be lessened by. levels [B, ...] of
/// integers 0..255, on the device of the model, which is called once, in options.dtype and by
/// options.micro. Throws std::invalid_argument for levels outside 0..255.
Dequantisation noised_dequantisation(const at::Tensor& levels,
                                     const NoisePredictor& model,
                                     const Schedule& schedule,
                                     const LikelihoodOptions& options,
                                     std::uint64_t seed,
                                     const SampleIds& ids,
                                     std::uint64_t draw = 0);

}  // namespace stochflow::diffusion
