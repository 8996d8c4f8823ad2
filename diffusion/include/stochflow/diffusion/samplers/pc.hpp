#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

struct LangevinCorrector {
  double signal_to_noise = 0.16;  // step size 2 (signal_to_noise |n| / |score|)^2
  int steps = 1;                  // corrections at every time
};

/// One Langevin step at a noise level, towards the marginal there: x [B, ...], n like x of standard
/// normals.
///   x + e score + sqrt(2 e) n,   e = 2 (signal_to_noise sqrt(D) / |score|)^2
/// |score| is taken sample by sample (the published code averages over the batch, so that a sample
/// depends on its neighbours), and never below sqrt(D)/scale, the score of a unit Gaussian; |n| is
/// its mean, sqrt(D).
at::Tensor langevin_step(const NoisePredictor& model,
                         const at::Tensor& x,
                         const Level& level,
                         double signal_to_noise,
                         const at::Tensor& n);

/// Predictor-corrector: at every t_k first Langevin steps at that noise level, then one
/// Euler-Maruyama step to t_{k+1}. 1 + corrector.steps evaluations a step. No schedule is special:
/// there is no lookup of discrete alphas. Song et al. 2021, algorithms 1 to 5.
Samples sample_pc(const NoisePredictor& model,
                  const Schedule& schedule,
                  const Draw& draw,
                  std::span<const double> times,
                  const LangevinCorrector& corrector = {},
                  const SampleOptions& options = {});

}  // namespace stochflow::diffusion
