#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// The reverse SDE by the solver library's stochastic Heun, of weak order 2 here since the noise is
/// additive. Two evaluations a step. Not EDM's Algorithm 2, which adds noise first and then follows
/// the ODE.
Samples sample_heun(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options = {});

}  // namespace stochflow::diffusion
