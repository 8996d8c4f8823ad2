#pragma once

// Any model as one for critically damped Langevin diffusion, without training. Given x0, the pair
// (x, v) is normal around (xx, vx) x0, component by component, so all that it says of x0 is one
// weighted mean of x and v: x0 seen through a single normal noise, which is what every
// NoisePredictor answers to. E[eps_v | x, v] follows from E[x0 | that mean], exactly.

#include "stochflow/diffusion/critically_damped.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {

/// How much noise there is between x0 and the pair (x, v), as a variance-preserving schedule from
/// process.t0 to process.t1. Its grids (log_snr_times, ...) are grids for the process.
Schedule noise_levels(const CriticallyDamped& process);

/// The process with [t0, t1] cut to the noise levels that a network knows. Throws
/// std::invalid_argument when nothing is left.
CriticallyDamped restricted(CriticallyDamped process, double gamma_min, double gamma_max);

/// Refers to the model: it must outlive it.
class VelocityNoise final : public VelocityNoisePredictor {
 public:
  VelocityNoise(const NoisePredictor& model, const CriticallyDamped& process)
      : model_(model), process_(process) {}

  at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const override;

 private:
  const NoisePredictor& model_;
  CriticallyDamped process_;
};

}  // namespace stochflow::diffusion
