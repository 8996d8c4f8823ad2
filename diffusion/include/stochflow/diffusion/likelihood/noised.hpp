#pragma once

// Dequantisation of the third kind: uniform, and then noised as the model expects it at t0. Where
// likelihoods score x as if it had the noise of t0, without adding any, the cut-off
// (likelihood/budget.hpp) is left in the figure. Here the noise is added, z = alpha x + sigma u,
// and paid for, which makes a bound without cut-off. With densities of x and of y = z/alpha:
//   ln p(x) >= E_u[ln p(y) + ln q(x|z) - ln p(y|x)],
// tight when the decoder q(x|z) is the posterior of x.
// Sources: Kingma, Salimans, Poole and Ho 2021 (variational diffusion models), equation 11; Song,
// Durkan, Murray and Ermon 2021 (maximum likelihood training of score-based diffusion models).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

class ScoreNetwork;

/// What a decoder knows of clean x [B, ...] when it sees z, in the variance-preserving frame at
/// noise levels gamma [B]: ln q(x|z) - ln p(y|x), nats [B]. z and x in float64.
using Decoder =
    std::function<at::Tensor(const at::Tensor& z, const at::Tensor& gamma, const at::Tensor& x)>;

/// q(x|z) normal around the denoised z, of standard deviation sigma/alpha: the "Jensen offset" of
/// Song et al. It does not know where a grey level ends. Refers to `model`, which is called in
/// `dtype`.
Decoder normal_decoder(const NoisePredictor& model, at::ScalarType dtype = at::kFloat);

/// q(x|z) the posterior that the network's mixture head describes, each value on its own: exact for
/// grey levels as far as the network is, also where the noise is nearly as wide as a level. Refers
/// to `network`. Throws std::invalid_argument when it has another head.
Decoder posterior_decoder(const ScoreNetwork& network);

/// z of draw number `draw` alone, for which no model is called. levels [B, ...] of integers 0..255.
at::Tensor noised_images(const at::Tensor& levels,
                         const Schedule& schedule,
                         std::uint64_t seed,
                         const SampleIds& ids,
                         std::uint64_t draw = 0);

/// Draw number `draw`: x becomes z, log_q what ln p(z) has to be lessened by. levels [B, ...] of
/// integers 0..255, on the device of the decoder's network, which is called once, by `micro`.
/// Throws std::invalid_argument for levels outside 0..255.
Dequantisation noised_dequantisation(const at::Tensor& levels,
                                     const Decoder& decoder,
                                     const Schedule& schedule,
                                     const MicroBatch& micro,
                                     std::uint64_t seed,
                                     const SampleIds& ids,
                                     std::uint64_t draw = 0);

}  // namespace stochflow::diffusion
