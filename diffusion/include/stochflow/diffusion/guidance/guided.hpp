#pragma once

// Guidance by a likelihood p(y|z) of something known about the sample: by Bayes' rule the score of
// what is wanted is score + grad_z log p(y|z), so
//
//   eps_guided = eps - scale s grad_z log p(y|z),   s^2 = 1/(1 + exp(-gamma)).
//
// Guided models are models: every sampler takes them, under every schedule. With the exact p(y|z)
// and scale 1 the samples have exactly the conditional law. Source: Dhariwal and Nichol 2021,
// section 4; Song et al. 2021, section 5 and appendix I.

#include <functional>

#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

/// log p(y_i | z_i) at noise level gamma: [B], differentiable in z; z and gamma as for a model.
using LogLikelihoodOfZ = std::function<at::Tensor(const at::Tensor& z, const at::Tensor& gamma)>;

/// Guidance by a classifier that knows noisy images (or any other log-likelihood of z).
class Guided final : public NoisePredictor {
 public:
  /// Refers to `model`, which must outlive it. The scale sharpens (above 1) or softens p(y|z).
  Guided(const NoisePredictor& model, LogLikelihoodOfZ log_likelihood, double scale = 1)
      : model_(model), log_likelihood_(std::move(log_likelihood)), scale_(scale) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  const NoisePredictor& model_;
  LogLikelihoodOfZ log_likelihood_;
  double scale_;
};

/// Classifier-free guidance: eps = (1 - scale) eps_unconditional + scale eps_conditional. Scale 0
/// is the unconditional model, 1 the conditional one, more exaggerates the condition. Two
/// evaluations. Source: Ho and Salimans 2022, eq. (6), with scale = 1 + w.
class ClassifierFree final : public NoisePredictor {
 public:
  /// Refers to both models, which must outlive it.
  ClassifierFree(const NoisePredictor& conditional,
                 const NoisePredictor& unconditional,
                 double scale)
      : conditional_(conditional), unconditional_(unconditional), scale_(scale) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override;

 private:
  const NoisePredictor& conditional_;
  const NoisePredictor& unconditional_;
  double scale_;
};

}  // namespace stochflow::diffusion
