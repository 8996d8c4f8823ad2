#pragma once

// Muon: the momentum of a weight matrix, made orthogonal before it is added, so that a step is as
// long in directions with small gradients as in those with large ones. For weights between hidden
// channels; a convolution [out, in, k, k] counts as the matrix [out, in k k].
// Sources: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks" (the
// iteration's coefficients); Liu et al. 2025, arXiv 2502.16982, equation 4 (steps as long as
// Adam's, so that one learning rate serves both).

#include <ATen/core/Tensor.h>

namespace stochflow::diffusion {

/// m [R, ...] of any floating type -> about U V^T of its singular value decomposition U S V^T as a
/// matrix [R, rest], in m's shape and type: singular values between 0.65 and 1.25 wherever those of
/// m are above 1/400 of its norm, by five Newton-Schulz steps. Zero stays zero.
at::Tensor orthogonalised(const at::Tensor& m);

/// The step for a learning rate of 1: `orthogonalised`, scaled to a root mean square of about 0.4.
at::Tensor muon_direction(const at::Tensor& momentum);

}  // namespace stochflow::diffusion
