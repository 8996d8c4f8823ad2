#pragma once

#include "stochflow/diffusion/nets/mixture_head.hpp"

namespace stochflow::diffusion::detail {

/// Throws std::invalid_argument unless everything fits, for either text of the mixture head.
void check_shapes(const MixturePrior& prior,
                  const at::Tensor& outputs,
                  const at::Tensor& z,
                  const at::Tensor& alpha,
                  const at::Tensor& sigma,
                  const at::Tensor& x);

}  // namespace stochflow::diffusion::detail
