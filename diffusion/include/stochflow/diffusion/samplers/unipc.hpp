#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// UniPC on D with B(h) = expm1(h): a multistep predictor of `order`, corrected to one order more
/// by the evaluation that the next step needs anyway. One evaluation a step, no noise; the fewest
/// steps for a given quality from about 5 to 20. Orders above 3 gain nothing in practice.
/// Zhao et al. 2023, algorithms 5 and 6. Throws std::invalid_argument for order outside 1 to 5.
Samples sample_unipc(const NoisePredictor& model,
                     const Schedule& schedule,
                     const Draw& draw,
                     std::span<const double> times,
                     int order = 3,
                     const SampleOptions& options = {});

}  // namespace stochflow::diffusion
