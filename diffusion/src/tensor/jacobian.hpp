#pragma once

// Vector-Jacobian products of a model: what likelihoods and guidance by measurements are made of.

#include <ATen/core/Tensor.h>

#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion::detail {

/// eps as a function of a fresh leaf, with its graph.
struct Evaluation {
  at::Tensor leaf;  // like z
  at::Tensor eps;   // like z
};

/// Throws std::runtime_error, starting with `who`, when the gradient cannot be had: under
/// c10::InferenceMode, or when the model cuts the graph.
Evaluation evaluate_with_graph(const NoisePredictor& model,
                               const at::Tensor& z,
                               const at::Tensor& gamma,
                               const char* who);

/// v^T d eps/dz, like z. The graph is given up unless it is kept.
at::Tensor vector_jacobian(const Evaluation& at_z, const at::Tensor& v, bool keep_graph);

}  // namespace stochflow::diffusion::detail
