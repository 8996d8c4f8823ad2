#pragma once

// A model and the trace of its Jacobian at one price: one forward pass, and one backward pass for
// each probe. Hutchinson's estimator v^T J v is unbiased for E[v v^T] = I; with v = +-1
// (Rademacher) the diagonal of J adds no variance, so it is never worse than Gaussian probes. The
// exact trace takes D backward passes: for audits. Source: Hutchinson 1990; Grathwohl et al. 2019
// (FFJORD).

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {

enum class Probe { rademacher, gaussian };

/// [P, B, ...]: `count` probes for every sample of a batch like z, each a function of (seed,
/// sample, number of the probe) only. Hold them fixed over an ODE solve.
at::Tensor make_probes(
    Probe kind, std::int64_t count, std::uint64_t seed, const SampleIds& ids, const at::Tensor& z);

struct NoiseDivergence {
  at::Tensor eps;         // [B, ...], like z
  at::Tensor divergence;  // [B], float64: trace of d eps / d z
};

/// With the mean over probes [P, B, ...] of v^T J v. Throws std::runtime_error when the gradient
/// cannot be had: under c10::InferenceMode, or when the model cuts the graph.
NoiseDivergence noise_divergence(const NoisePredictor& model,
                                 const at::Tensor& z,
                                 const at::Tensor& gamma,
                                 const at::Tensor& probes);

/// With the exact trace.
NoiseDivergence noise_divergence_exact(const NoisePredictor& model,
                                       const at::Tensor& z,
                                       const at::Tensor& gamma);

}  // namespace stochflow::diffusion
