#include "tensor/jacobian.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace stochflow::diffusion::detail {

Evaluation evaluate_with_graph(const NoisePredictor& model,
                               const at::Tensor& z,
                               const at::Tensor& gamma,
                               const char* who) {
  const auto failure = [&](const char* text) {
    return std::runtime_error(std::string(who) + ": " + text);
  };
  if (c10::InferenceMode::is_enabled()) {
    throw failure("gradients are needed, and c10::InferenceMode is active: leave it first");
  }
  const c10::AutoGradMode with_gradients(true);
  const at::Tensor leaf = z.detach().requires_grad_(true);
  const at::Tensor eps = model.eps(leaf, gamma);
  if (!eps.requires_grad()) {
    throw failure(
        "the model's output carries no gradient with respect to its input, which is needed: look "
        "for a NoGradGuard, InferenceMode or detach() inside the model");
  }
  if (eps.sizes() != z.sizes()) throw failure("the model returned another shape than its input's");
  return {leaf, eps};
}

at::Tensor vector_jacobian(const Evaluation& at_z, const at::Tensor& v, bool keep_graph) {
  const std::vector<at::Tensor> gradients =
      torch::autograd::grad({at_z.eps}, {at_z.leaf}, {v}, keep_graph, false, true);
  return gradients[0].defined() ? gradients[0] : at::zeros_like(v);
}

}  // namespace stochflow::diffusion::detail
