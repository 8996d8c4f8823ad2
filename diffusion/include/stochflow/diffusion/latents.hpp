#pragma once

// Images as points of a normal distribution: the probability flow maps data to latents and back,
// without loss but for the solver's tolerance. The map depends on the data's law alone, not on how
// the network was made, so two good networks give an image the same latent. Between two latents
// `slerp` goes along the sphere on which nearly all of a normal distribution of many dimensions
// lies; the straight line would cut through where it never is.
// Source: Song et al. 2021, section 4.3 and appendix D.4 and D.5; Shoemake 1985 (slerp).

#include <ATen/core/Tensor.h>

#include "stochflow/diffusion/samplers/ode_per_sample.hpp"

namespace stochflow::diffusion {

/// x [N, ...] at t0 (data as they are) -> latents at t1, distributed like the schedule's prior.
Samples encode(const NoisePredictor& model,
               const Schedule& schedule,
               const at::Tensor& x,
               const PerSampleTolerance& tolerance = {});

/// Latents [N, ...] at t1 -> x at t0; no noise is removed.
Samples decode(const NoisePredictor& model,
               const Schedule& schedule,
               const at::Tensor& latents,
               const PerSampleTolerance& tolerance = {});

/// The point at `part` of the way from a to b along the great circle, row by row, and likewise in
/// length: a, b [N, ...], part in [0, 1]. Straight where a and b point the same way or oppositely.
at::Tensor slerp(const at::Tensor& a, const at::Tensor& b, double part);

/// Pearson's correlation of a and b [N, ...] over the components of each row: [N]. Near 1 for the
/// latents that two networks trained apart give the same images.
at::Tensor latent_correlation(const at::Tensor& a, const at::Tensor& b);

}  // namespace stochflow::diffusion
