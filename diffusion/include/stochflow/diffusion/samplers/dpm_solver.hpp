#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// DPM-Solver-1, -2 and -3: exponential integrators of the probability flow in single steps, with
/// the noise eps as the nonlinear part and lambda = -ln sigma as time; `order` evaluations a step,
/// at the step's start, at a half (order 2) or at a third and two thirds of it (order 3). Order 1
/// is DDIM. dpmpp-2m does better with few steps. Lu et al. 2022, arXiv 2206.00927, algorithms 1
/// and 2 and appendix B.2. Throws std::invalid_argument for order outside 1 to 3.
Samples sample_dpm_solver(const NoisePredictor& model,
                          const Schedule& schedule,
                          const Draw& draw,
                          std::span<const double> times,
                          int order = 3,
                          const SampleOptions& options = {});

}  // namespace stochflow::diffusion
