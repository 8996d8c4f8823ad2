#pragma once

// A model conditioned on a linear measurement y = A x0 + noise (inpainting, deblurring,
// super-resolution), by moment matching. Like Guided (guided.hpp), with p(y|z) made from the model
// itself: x0 given z is taken for a Gaussian with the right mean D(z) = E[x0|z] and, by Tweedie's
// second formula, the right covariance (s^2/a) J, J = dD/dz, hence
//
//   grad_z log p(y|z) = J^T A^T C^-1 (y - A D),   C = noise_std^2 I + (s^2/a) A J A^T,
//
// with C^-1 by conjugate gradients, one vector-Jacobian product an iteration. Exact for Gaussian
// data; otherwise it errs where x0 given z is far from Gaussian, at medium noise levels. Every
// sampler takes it. Methods that leave the covariance out (dps.hpp) or replace pixels (repaint.hpp)
// are cheaper and not exact even for Gaussians.
// Source: Rozet et al. 2024 (MMPS), algorithms 1 and 2.

#include "stochflow/diffusion/guidance/linear_operator.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

class Measured final : public NoisePredictor {
 public:
  /// Refers to `model`, which must outlive it. The measurement has a row for each sample of the
  /// batches asked for. Throws std::invalid_argument unless noise_std > 0 and iterations >= 1.
  Measured(const NoisePredictor& model, Measurement measurement, int iterations = 3);

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  const NoisePredictor& model_;
  Measurement measurement_;
  int iterations_;
};

}  // namespace stochflow::diffusion
