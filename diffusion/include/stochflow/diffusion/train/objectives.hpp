#pragma once

// What a score model may be trained by, as functions of a batch: losses [B], differentiable in
// whatever parameters the model has, to be averaged and handed to an optimiser of your own. Times,
// noise and directions are arguments, so a run is as reproducible as they are (tensor/noise.hpp).
// `Trainer` (trainer.hpp) has the first of them built in, for the networks of this library.
//
//   denoising   needs pairs of data and noise; the choice under every schedule, continuous or a
//               chain of levels (times_of_levels)
//   sliced      needs derivatives of the score instead of noise: for data at one noise level, or
//               where the noise cannot be undone; noisier and several times as costly

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {

/// lambda(t) in lambda |score - score of the noise|^2.
///   noise       sigma^2: the plain error of the predicted noise. Song et al. 2021, eq. (7)
///   likelihood  g^2/2: with times uniform on [t0, t1], t1 - t0 times its mean is the diffusion
///   term
///               of the evidence bound. Song, Durkan, Murray and Ermon 2021, theorem 1
enum class Weighting { noise, likelihood };

/// Denoising score matching: lambda |score(x_t) + eps/sigma|^2 per sample, [B], nats for
/// Weighting::likelihood. x0, eps [B, ...]; t [B] float64 in the schedule's time. Vincent 2011;
/// Song et al. 2021, eq. (7).
at::Tensor denoising_loss(const NoisePredictor& model,
                          const Schedule& schedule,
                          const at::Tensor& x0,
                          const at::Tensor& t,
                          const at::Tensor& eps,
                          Weighting weighting = Weighting::noise);

/// Times for the likelihood weighting drawn where the weight is, with density proportional to
/// g^2/sigma^2: u [B] uniform on [0, 1) -> t [B]. With them the loss of Weighting::likelihood is
/// `importance_of_times` times that of Weighting::noise, a constant: the mean is the same and the
/// variance far lower. In closed form, since g^2/sigma^2 is the derivative of gamma. Song, Durkan,
/// Murray and Ermon 2021, section 4.4.
at::Tensor importance_sampled_times(const Schedule& schedule, const at::Tensor& u);

/// Times of a chain of n levels, all equally likely: u [B] uniform on [0, 1) -> t [B], k/(n - 1)
/// for k = 0, ..., n - 1. With them denoising_loss is the objective of the discrete models: of DDPM
/// under ddpm(first, last, n) (Ho, Jain and Abbeel 2020, eq. (14)), of NCSN, twice the published
/// one, under smld(first, last, n) (Song and Ermon 2019, eqs. (5) and (6) with lambda = sigma^2),
/// of any other chain under discrete_vp and discrete_ve. Throws std::invalid_argument for n < 2.
at::Tensor times_of_levels(std::int64_t n, const at::Tensor& u);

/// (gamma(t1) - gamma(t0))/2: the mean over importance-sampled times of this times
/// denoising_loss(..., Weighting::noise) is the diffusion term in nats.
double importance_of_times(const Schedule& schedule);

/// Sliced score matching at noise level t: v^T J v + |score|^2/2 with J the score's Jacobian, per
/// sample [B], of x [B, ...] as it is at t. Up to a constant it is half the mean squared error of
/// the score. v [B, ...] with E[v v^T] = I; `reduced` takes |score|^2 itself, else (v^T score)^2 as
/// first published. Song, Garg, Shi and Ermon 2019, eqs. (7) and (8). Needs second derivatives of
/// the model.
enum class Slicing { plain, reduced };
at::Tensor sliced_loss(const NoisePredictor& model,
                       const Level& level,
                       const at::Tensor& x,
                       const at::Tensor& v,
                       Slicing slicing = Slicing::reduced);

}  // namespace stochflow::diffusion
