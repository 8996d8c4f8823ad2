#pragma once

// silu(group_norm(x) * gain + offset) as one differentiable operation: the step between two
// convolutions of a residual block, with gain and offset chosen per sample (by the noise level).
// On a CPU, float32 and bfloat16 run through a fused channels-last kernel (LibTorch's own group
// norm is an order of magnitude slower in that layout); everything else, including the meta device,
// is composed of LibTorch's operations.

#include <ATen/core/Tensor.h>

namespace stochflow::diffusion {

/// x [N, C, H, W]; gain, offset [N, C] float32 (or x's dtype); groups divides C. Returns a tensor
/// of x's shape and of dtype `out`. Differentiable once in x, gain and offset.
/// Source: Wu and He, "Group normalization", ECCV 2018, equations 1-2; modulation as in FiLM
/// (Perez et al., AAAI 2018). Throws std::invalid_argument when shapes do not fit.
at::Tensor modulated_norm_silu(const at::Tensor& x,
                               const at::Tensor& gain,
                               const at::Tensor& offset,
                               std::int64_t groups,
                               at::ScalarType out);

/// The same, always composed of LibTorch's operations: the text to check the kernel against.
at::Tensor modulated_norm_silu_composed(const at::Tensor& x,
                                        const at::Tensor& gain,
                                        const at::Tensor& offset,
                                        std::int64_t groups,
                                        at::ScalarType out);

}  // namespace stochflow::diffusion
