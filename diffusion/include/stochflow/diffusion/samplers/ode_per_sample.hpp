#pragma once

#include "stochflow/diffusion/samplers/sampling.hpp"
#include "stochflow/diffusion/tensor/adaptive_batch.hpp"

namespace stochflow::diffusion {

/// A step's error is the root mean square over a sample's components of error/(atol + rtol |z|), in
/// the variance-preserving frame, where everything is of size 1.
struct PerSampleTolerance {
  double rtol = 1e-4;
  double atol = 1e-4;  // a grey level of 8 bits on [-1, 1] is 8e-3
  BatchMethod method = tsitouras54;
  StepControl control = {};
  std::int64_t batch = 64;  // samples under way at a time
};

/// The probability flow with steps of each sample's own, in gamma: a sample that arrives makes room
/// for the next, so the batch stays full, and no sample depends on the others (in pieces of one
/// size, score/micro_batches.hpp, to the last bit). Give it all samples at once. `nfe` is the mean
/// over samples, rounded up; the observer sees the start and the end. The outcome is the first one
/// that is not ok. With z = x/scale: dz/dgamma = (s/2) (eps - s z), s^2 = 1/(1 + e^-gamma).
Samples sample_ode_per_sample(const NoisePredictor& model,
                              const Schedule& schedule,
                              const Draw& draw,
                              const PerSampleTolerance& tolerance = {},
                              const SampleOptions& options = {});

/// The map that the flow makes of states x [N, ...] at time `from` into states at time `to`, either
/// way; its evaluations and its outcome as above. Unlike with noise on the way it can be inverted:
/// latents.hpp.
Samples flow_map(const NoisePredictor& model,
                 const Schedule& schedule,
                 const at::Tensor& x,
                 double from,
                 double to,
                 const PerSampleTolerance& tolerance = {});

}  // namespace stochflow::diffusion
