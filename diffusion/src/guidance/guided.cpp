#include "stochflow/diffusion/guidance/guided.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>

#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {

at::Tensor Guided::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const at::Tensor unguided = model_.eps(z, gamma);
  at::Tensor gradient;
  {
    const c10::AutoGradMode with_gradients(true);
    const at::Tensor leaf = z.detach().requires_grad_(true);
    const at::Tensor log_p = log_likelihood_(leaf, gamma);
    if (log_p.dim() != 1 || log_p.size(0) != z.size(0) || !log_p.requires_grad()) {
      throw std::runtime_error(
          "Guided: expected a log-likelihood [B] that is differentiable in z: look for a "
          "NoGradGuard, InferenceMode or detach() inside it");
    }
    gradient = torch::autograd::grad({log_p.sum()}, {leaf})[0];
  }
  return unguided - scale_ * frame_levels(gamma, z).sigma * gradient;
}

at::Tensor ClassifierFree::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const at::Tensor without = unconditional_.eps(z, gamma);
  return without + scale_ * (conditional_.eps(z, gamma) - without);
}

}  // namespace stochflow::diffusion
