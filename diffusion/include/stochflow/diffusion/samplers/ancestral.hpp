#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Ancestral sampling: from the Gaussian law of the next state given this one and the clean sample,
/// with the network's estimate D in the place of the clean sample. With q = (sigma'/sigma)^2:
///   y' = q y + (1 - q) D + sigma' sqrt(1 - q) n
/// One evaluation a step. Ho et al. 2020, eq. (7), with the posterior's own variance; Song et al.
/// 2021, appendix F (variance exploding).
Samples sample_ancestral(const NoisePredictor& model,
                         const Schedule& schedule,
                         const Draw& draw,
                         std::span<const double> times,
                         const SampleOptions& options = {});

/// The same mean with the variance of the forward step, "beta", in place of the posterior's: right
/// for data of unit variance, more noise and better samples at many steps. Ho et al. 2020, section
/// 3.2; Song et al. 2021, eq. (4) (variance preserving).
Samples sample_ddpm(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options = {});

}  // namespace stochflow::diffusion
