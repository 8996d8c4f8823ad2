#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Diffusion exponential integrator of Adams-Bashforth type: the noise (y - D)/sigma of the last
/// steps, extrapolated as a polynomial in ln sigma and integrated exactly,
///   y' = y + int_sigma^sigma' sum_j L_j(ln s) eps_j ds.
/// One evaluation a step, no noise. Zhang and Chen 2023, section 3, in the variable ln sigma.
/// Throws std::invalid_argument for order outside 1 to 4.
Samples sample_deis(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    int order = 3,
                    const SampleOptions& options = {});

}  // namespace stochflow::diffusion
