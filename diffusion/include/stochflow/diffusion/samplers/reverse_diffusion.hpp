#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// The reverse SDE discretised as its forward chain is: with the forward step x = r x' + G n
/// between neighbouring times,
///   x' = (2 - r) x + G^2 score(x) + G n.
/// One evaluation a step. Song et al. 2021, appendix E (for VP r = sqrt(1 - beta), for VE r = 1);
/// here for every schedule and any times.
Samples sample_reverse_diffusion(const NoisePredictor& model,
                                 const Schedule& schedule,
                                 const Draw& draw,
                                 std::span<const double> times,
                                 const SampleOptions& options = {});

}  // namespace stochflow::diffusion
