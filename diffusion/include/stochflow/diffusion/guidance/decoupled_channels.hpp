#pragma once

// Colourisation as inpainting. The grey image couples the channels, and replacement (repaint.hpp)
// needs values that are known as they are. An orthogonal change of coordinates w = Q x among the
// channels of each pixel, whose first row is the mean's direction, makes the grey image a channel
// of its own; noise stays as it was, because Q is orthogonal. Source: Song et al. 2021, appendix
// I.3.

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

/// The model of w = Q x: eps_w(w) = Q eps(Q^T w), channels along dimension 1.
class DecoupledChannels final : public NoisePredictor {
 public:
  /// Refers to `model`, which must outlive it; `device` is where the model's images are. Throws
  /// std::invalid_argument unless channels >= 1.
  DecoupledChannels(const NoisePredictor& model,
                    std::int64_t channels,
                    at::Device device = at::kCPU);

  at::Tensor eps(const at::Tensor& w, const at::Tensor& gamma) const override;

  /// w = Q x for x [B, C, ...]; w[:, 0] is sqrt(C) times the mean over channels.
  at::Tensor decoupled(const at::Tensor& x) const;
  /// x = Q^T w.
  at::Tensor coupled(const at::Tensor& w) const;

 private:
  const NoisePredictor& model_;
  at::Tensor Q_;  // [C, C] float64
};

}  // namespace stochflow::diffusion
