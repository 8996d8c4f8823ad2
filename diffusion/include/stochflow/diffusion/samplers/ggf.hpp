#pragma once

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

struct SdeTolerance {
  double rtol = 0.02;
  double atol = 0.0078;      // a grey level of 8 bits on [-1, 1]
  double first_step = 0.01;  // as a part of the interval
  double safety = 0.9;       // h <- safety h q^-exponent after every attempt, q the error
  double exponent = 0.9;
  std::int64_t max_steps = 10000;  // accepted and rejected, of a sample
  std::int64_t batch = 64;         // samples under way at a time
};

/// The reverse SDE with adaptive steps of each sample's own, in the schedule's time: an Euler step
/// x' = x + K1 and its Heun correction x'' = x + (K1 + K2)/2 on the same increment differ by E, and
/// the step to x'' is accepted when the root mean square of E/max(atol, rtol |x'|) is at most 1.
/// Two evaluations an attempt, the first of them kept from a rejected one; one sample arriving
/// makes room for the next. Jolicoeur-Martineau et al. 2021 ("Gotta Go Fast"), algorithm 1, but on
/// a Brownian tree: their rejected steps draw fresh noise, which prefers increments that look
/// harmless and gives samples of another law (in one dimension with twice the variance); here a
/// shorter step sees the same path. `nfe` is the mean over samples, rounded up; the observer sees
/// the start and the end.
Samples sample_ggf(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   const SdeTolerance& tolerance = {},
                   const SampleOptions& options = {});

}  // namespace stochflow::diffusion
