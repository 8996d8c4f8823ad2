#pragma once

// What all samplers share: which samples to draw, what comes back, and the two ends of a run (prior
// and denoising). Each sampler is one function in a file of its own:
//
//   em    reverse SDE by Euler-Maruyama: the plainest
//   heun  reverse SDE by stochastic Heun: half the steps of em for the same quality
//   pc    Euler-Maruyama predictor, Langevin corrector: best samples, most evaluations
//   ode   probability flow with adaptive steps: fewest evaluations, no noise after the start
//
// The fixed-step samplers take the times t1 > ... > t0 to visit (uniform_times, log_snr_times).
// Sample i of a seed is the same alone and in any batch, provided that the model treats its rows
// alike at every batch size (networks: up to rounding, or use batches of one fixed size).

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/status.hpp"

namespace stochflow::diffusion {

/// Which samples: numbers `ids` of the run `seed`, each of shape `shape`.
struct Draw {
  std::uint64_t seed = 0;
  SampleIds ids;
  std::vector<std::int64_t> shape;
  at::TensorOptions options;  // float32 or float64; device
};

/// Called with x [B, ...] and its time, from t1 down to t0.
using SampleObserver = std::function<void(const at::Tensor& x, double t)>;

struct SampleOptions {
  /// End with E[x0 | x(t0)] instead of x(t0), which still carries noise: one more evaluation.
  bool denoise = true;
  SampleObserver observer = {};
};

struct Samples {
  at::Tensor x;          // [B, ...]
  std::int64_t nfe = 0;  // evaluations of the model, a batch counting once
  Outcome outcome;
};

/// x(t1) ~ N(0, prior_std^2 I): [B, ...].
at::Tensor prior_sample(const Schedule& schedule, const Draw& draw);

/// log N(x; 0, prior_std^2 I) in nats: [B].
at::Tensor prior_log_density(const Schedule& schedule, const at::Tensor& x);

namespace detail {

/// The last line of every sampler: denoises when asked to.
Samples finish(const NoisePredictor& model,
               const Schedule& schedule,
               const SampleOptions& options,
               Samples samples);

/// The user's observer for a run in s = t1 - t.
inline auto in_reverse_time(const Schedule& schedule, const SampleObserver& observer) {
  return [&schedule, &observer](const at::Tensor& x, double s) {
    if (observer) observer(x, schedule.t1 - s);
  };
}

}  // namespace detail
}  // namespace stochflow::diffusion
