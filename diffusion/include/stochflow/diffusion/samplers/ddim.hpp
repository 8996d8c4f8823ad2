#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Denoising diffusion implicit models: the noise that D implies is kept in place of fresh noise,
///   y' = D + sqrt(sigma'^2 - c^2) (y - D)/sigma + c n,   c = eta sigma' sqrt(1 -
///   (sigma'/sigma)^2).
/// eta = 0: no noise, order 1 for the probability flow, also known as DPM-Solver-1; eta = 1:
/// ancestral sampling. One evaluation a step. Song, Meng and Ermon 2021, eq. (12).
/// Throws std::invalid_argument for eta outside [0, 1].
Samples sample_ddim(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    double eta = 0,
                    const SampleOptions& options = {});

}  // namespace stochflow::diffusion
