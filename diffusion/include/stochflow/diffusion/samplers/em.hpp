#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// The reverse SDE by Euler-Maruyama, each step as long as the grid says:
///   x <- x + h (-f x + g^2 score(x, t)) + g sqrt(h) n,   h = t_k - t_{k+1}.
/// One evaluation a step. Song et al. 2021, section 4.1 (whose code integrates with 1/N whatever
/// the grid; here the noise level always matches the time).
Samples sample_em(const NoisePredictor& model,
                  const Schedule& schedule,
                  const Draw& draw,
                  std::span<const double> times,
                  const SampleOptions& options = {});

}  // namespace stochflow::diffusion
