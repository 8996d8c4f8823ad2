#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// What is known of the samples: x0 where `known` is 1.
struct KnownPart {
  at::Tensor known;   // 0 or 1, broadcast with the samples [B, ...]
  at::Tensor values;  // [B, ...]; what stands where known is 0 does not matter
};

/// Inpainting by replacement: ancestral steps, after each of which the known part is put in at the
/// noise level reached. At the end all is denoised, and the known part is what was given. With
/// resamples = 1 this is Song et al. 2021, appendix I.2 (their code puts the known part in at the
/// level of the step's start and leaves the rest noisy); the new part then follows the known one
/// too late, and what it should know of it is lost. RePaint goes each step `resamples` times,
/// forward again in between, so that the two parts come to agree. Lugmayr et al. 2022, algorithm 1,
/// with jumps of one step. Throws std::invalid_argument unless resamples >= 1.
Samples sample_repaint(const NoisePredictor& model,
                       const Schedule& schedule,
                       const Draw& draw,
                       std::span<const double> times,
                       const KnownPart& part,
                       int resamples = 1,
                       const SampleOptions& options = {});

}  // namespace stochflow::diffusion
