#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// How much noise is put back before a step: with churn > 0 and sigma in [from, to], sigma grows by
/// the factor 1 + min(churn/steps, sqrt(2) - 1) first, never above the schedule's own end.
struct Churn {
  double churn = 0;
  double from = 0;
  double to = 1e300;
  double noise = 1;  // factor on the added noise
};

/// Karras et al. 2022, algorithm 2 (without churn algorithm 1): Heun's rule on the probability flow
/// dy/dsigma = (y - D)/sigma. Order 2, two evaluations a step. Meant for karras_times.
Samples sample_edm(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   std::span<const double> times,
                   const Churn& churn = {},
                   const SampleOptions& options = {});

}  // namespace stochflow::diffusion
