#pragma once

// Data distributions whose score is known in closed form at every noise level: the oracles against
// which samplers and likelihoods are tested, and stand-ins for a network in examples. With
// x0 ~ p, the state z = a x0 + s eps (a^2 = 1/(1 + e^gamma), s^2 = 1 - a^2) again has a Gaussian
// (mixture) density.
//
// Parameters are kept in double and used in the dtype and on the device of z.

#include <ATen/core/Tensor.h>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {

/// A noise predictor that knows its density.
class ExactModel : public NoisePredictor {
 public:
  /// log p(z) at noise level gamma in the variance-preserving frame, in nats: [B].
  virtual at::Tensor log_density(const at::Tensor& z, const at::Tensor& gamma) const = 0;
};

/// log p_t(x) under a schedule, in nats: [B].
at::Tensor log_density_at(const ExactModel& model, const at::Tensor& x, const Level& level);

/// x0 ~ N(mean, diag(variance)) or N(mean, covariance).
class GaussianScore final : public ExactModel {
 public:
  /// mean [...] and spread: either variances like mean, or, for a mean [D], a covariance [D, D].
  /// Throws std::invalid_argument on other shapes and on variances that are not positive.
  GaussianScore(const at::Tensor& mean, const at::Tensor& spread);

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;
  at::Tensor log_density(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  at::Tensor centred(const at::Tensor& z, const at::Tensor& gamma) const;

  std::vector<std::int64_t> shape_;
  at::Tensor mean_;  // [D]
  at::Tensor var_;   // [D], along the axes
  at::Tensor axes_;  // [D, D] eigenvectors as columns; undefined when they are the coordinates
};

/// x0 ~ sum_k w_k N(m_k, diag(c_k)).
class MixtureScore final : public ExactModel {
 public:
  /// weights [K] (positive; normalised here), means [K, ...], variances like means or [K].
  /// Throws std::invalid_argument on other shapes and on values that are not positive.
  MixtureScore(const at::Tensor& weights, const at::Tensor& means, const at::Tensor& variances);

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;
  at::Tensor log_density(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  struct Terms;
  Terms terms(const at::Tensor& z, const at::Tensor& gamma) const;

  std::vector<std::int64_t> shape_;
  at::Tensor log_weights_;  // [K]
  at::Tensor means_;        // [K, D]
  at::Tensor vars_;         // [K, D]
};

}  // namespace stochflow::diffusion
