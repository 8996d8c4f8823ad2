#pragma once

// The mixture-posterior head: the network describes, for every pixel, a local prior given its
// surroundings, and Bayes' rule in closed form does the denoising. Use it for data whose values
// pile up on a few levels (grey images with flat background); a head that predicts the noise
// itself wastes capacity there. For data without such levels use no boxes, or the plain head.
//
// The prior of one pixel is a mixture of K boxes [low, high) (a grey level, uniformly dequantised)
// and M Gaussians. With y = z/alpha, s = sigma/alpha:
//   box       likelihood of y  [Phi((high-y)/s) - Phi((low-y)/s)] / (high-low),
//             posterior mean   y - s t,  t the mean of a normal cut to [(y-high)/s, (y-low)/s];
//   Gaussian  likelihood N(y; m, v + s^2), posterior mean (v y + s^2 m)/(v + s^2);
// weights = softmax(logit + log likelihood), x_hat = sum of weighted means,
// eps_hat = (y - x_hat)/s. All smooth in z, so vector-Jacobian products pass through it; and
// d x_hat_i / d y_i at fixed outputs is the posterior variance over s^2 (Tweedie). Images that keep
// to a few grey levels need one thing more, which no pixel knows by itself: palettes.hpp.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "stochflow/diffusion/nets/palettes.hpp"

namespace stochflow::diffusion {

/// Where a value lies in its grey level: anywhere, as uniform dequantisation puts it, or in the
/// middle, as a truncated normal has it (likelihood/dequantise.hpp).
enum class InLevel { uniform, middle };

struct MixturePrior {
  /// Lower ends of the boxes and their common width, in data units.
  std::vector<double> box_lows;
  double box_width = 0;
  std::int64_t gaussians = 0;
  /// What levels occur together in an image, on the outputs' device; boxes have to be grey levels
  /// then. Null: not known.
  std::shared_ptr<const PaletteLookup> palettes = {};
  InLevel in_level = InLevel::uniform;  // where palettes have a say; else uniform always

  /// Outputs the network has to give per pixel, in this order: logits of the boxes, logits of the
  /// Gaussians, their means, their log standard deviations (used within [-9, 3]).
  std::int64_t channels() const {
    return static_cast<std::int64_t>(box_lows.size()) + 3 * gaussians;
  }
  /// Grey levels k as boxes [k/128 - 1, (k+1)/128 - 1).
  static MixturePrior grey_levels(const std::vector<int>& levels, std::int64_t gaussians);
};

struct MixtureOutput {
  at::Tensor eps;       // like z
  at::Tensor variance;  // like z: posterior variance of x given y and its palette, no derivative
  at::Tensor surprise;  // [B], see below; undefined when no clean values were given
};

/// outputs [B, channels, ...], z [B, ...] or [B, 1, ...], alpha and sigma [B] (no derivative is
/// taken by them), x like z or undefined. Everything in one floating dtype on one device;
/// differentiable once in outputs and z.
/// `surprise` is -log p(x|z) + log N(y; x, s^2) summed over pixels: the clean values' code length
/// under the posterior the head describes, short of the Gaussian's part (with InLevel::middle the
/// code length of their levels). Its minimum over the outputs is the true posterior, whose mean is
/// also the minimum of the noise error.
/// Throws std::invalid_argument when shapes do not fit.
MixtureOutput mixture_posterior(const MixturePrior& prior,
                                const at::Tensor& outputs,
                                const at::Tensor& z,
                                const at::Tensor& alpha,
                                const at::Tensor& sigma,
                                const at::Tensor& x = {});

/// The same, composed of LibTorch's operations in double: runs on every device, and is the text to
/// check the CPU kernel against.
MixtureOutput mixture_posterior_composed(const MixturePrior& prior,
                                         const at::Tensor& outputs,
                                         const at::Tensor& z,
                                         const at::Tensor& alpha,
                                         const at::Tensor& sigma,
                                         const at::Tensor& x = {});

}  // namespace stochflow::diffusion
