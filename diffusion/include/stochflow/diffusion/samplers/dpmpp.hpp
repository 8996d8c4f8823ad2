#pragma once

// The DPM-Solver++ family: exponential integrators of the probability flow, or of a reverse SDE, in
// lambda = -ln sigma, with D as the nonlinear part. They are stable at the few, large steps where
// plain Runge-Kutta methods are not. Sources: Lu et al. 2022, arXiv 2211.01095, algorithms 1 and 2;
// the SDE variants as in Crowson's k-diffusion.

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Multistep, order 2, no noise. One evaluation a step: the choice for 10 to 50 steps.
Samples sample_dpmpp_2m(const NoisePredictor& model,
                        const Schedule& schedule,
                        const Draw& draw,
                        std::span<const double> times,
                        const SampleOptions& options = {});

/// Single step, order 2: two evaluations a step. eta > 0 puts that share of an ancestral step's
/// noise in place of the flow. Throws std::invalid_argument for eta outside [0, 1].
Samples sample_dpmpp_2s(const NoisePredictor& model,
                        const Schedule& schedule,
                        const Draw& draw,
                        std::span<const double> times,
                        double eta = 0,
                        const SampleOptions& options = {});

/// The single step on the SDE: the half step's noise is the first half of the step's own Brownian
/// path. Two evaluations a step.
Samples sample_dpmpp_sde(const NoisePredictor& model,
                         const Schedule& schedule,
                         const Draw& draw,
                         std::span<const double> times,
                         double eta = 1,
                         const SampleOptions& options = {});

/// Multistep on the SDE with three values of D. One evaluation a step.
Samples sample_dpmpp_3m_sde(const NoisePredictor& model,
                            const Schedule& schedule,
                            const Draw& draw,
                            std::span<const double> times,
                            double eta = 1,
                            const SampleOptions& options = {});

}  // namespace stochflow::diffusion
