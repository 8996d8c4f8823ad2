#pragma once

// What the checkpoints of all networks have in common: weights by name, and golden vectors, that is
// for a fixed input at three noise levels what the network answered and the vector-Jacobian product
// of the answer on the machine that saved it.

#include <torch/nn/module.h>

#include <functional>
#include <vector>

#include "stochflow/diffusion/checkpoint.hpp"

namespace stochflow::diffusion::detail {

struct NetworkParts {
  torch::nn::Module& module;
  std::vector<std::int64_t> image;  // C, H, W
  /// z [B, C, H, W], gamma [B] -> [B, ...], differentiable in z.
  std::function<at::Tensor(const at::Tensor& z, const at::Tensor& gamma)> respond;
};

/// Throws std::runtime_error: the sentence with the file's name before it.
[[noreturn]] void fail(const std::filesystem::path& file, const std::string& sentence);

/// The metadata of that name, empty when there is none.
std::string text_of(const TensorFile& content, const std::string& name);

/// Weights in `storage` precision, and golden vectors of `stored`, a network of the same kind,
/// which is given what rounding leaves of the weights.
void put_network(TensorFile& content,
                 const torch::nn::Module& module,
                 const NetworkParts& stored,
                 at::ScalarType storage);

/// Fills the network from a file's content, which then wants no gradients; refuses as load_network
/// says.
void take_network(const std::filesystem::path& file,
                  const TensorFile& content,
                  const NetworkParts& network);

}  // namespace stochflow::diffusion::detail
