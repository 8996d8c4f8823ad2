#pragma once

#include <span>

#include "stochflow/diffusion/guidance/linear_operator.hpp"
#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Diffusion posterior sampling: ancestral steps, each followed by a step of length zeta down the
/// gradient of |y - A D(z)|, the norm of every sample by itself. The published method, for
/// comparison: its posterior is narrower than the true one or misses the measurement, depending on
/// zeta and the number of steps, for Gaussian data too; `Measured` (measured.hpp) has no such knob.
/// Chung et al. 2023, algorithm 1 (where the norm runs over the batch in the authors' code). Throws
/// std::invalid_argument unless zeta > 0.
Samples sample_dps(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   std::span<const double> times,
                   const Measurement& measurement,
                   double zeta = 1,
                   const SampleOptions& options = {});

}  // namespace stochflow::diffusion
