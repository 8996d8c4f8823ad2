#pragma once

// The normal form of every score model here. Networks come in many dialects (score, noise, clean
// image, velocity; time, sigma or log-SNR as label): they are translated once, by `from_network` in
// stochflow/diffusion/score.hpp, and everything downstream (samplers, likelihood) sees only this.
//
// The frame is variance preserving, z = a x0 + s eps with a^2 + s^2 = 1, and the noise level is
// gamma = -log SNR = ln(s^2/a^2). A state x = alpha x0 + sigma eps of any schedule becomes
// z = x / sqrt(alpha^2 + sigma^2) with gamma = 2 ln(sigma/alpha), so one model serves every
// schedule. The score is -eps/sigma.

#include <ATen/core/Tensor.h>

namespace stochflow::diffusion {

class NoisePredictor {
 public:
  virtual ~NoisePredictor() = default;

  /// E[eps | z] at noise level gamma.
  ///   z      [B, ...], float32 or float64, any device
  ///   gamma  [B], same dtype; on z's device or on the host. The fixed-step samplers, which know
  ///   the
  ///          level as a number, give it on the host: a model that needs the number (from_network)
  ///          reads it there without waiting for the device, any other moves it.
  /// Returns a tensor like z, differentiable in z. Row i depends on z[i] and gamma[i] only.
  virtual at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const = 0;
};

}  // namespace stochflow::diffusion
