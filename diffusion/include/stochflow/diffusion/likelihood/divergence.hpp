#pragma once

// A model and the trace of its Jacobian at one price: one forward pass, and one backward pass for
// each probe. Hutchinson's estimator v^T J v is unbiased for E[v v^T] = I; with v = +-1
// (Rademacher) the diagonal of J adds no variance, so it is never worse than Gaussian probes. The
// exact trace takes D backward passes: for audits. A control variate made of the diagonal, however
// exact, helps Gaussian probes only. Source: Hutchinson 1990; Grathwohl et al. 2019 (FFJORD).
//
// Along a path only the integral of the trace matters. A probe held fixed all the way repeats its
// error at every noise level, most of it from pairs of neighbouring pixels. `probes_of_interval`
// changes signs from one interval of noise levels to the next: v_m = h_m v, h_m a row of the
// Hadamard matrix over four colours of pixels, neighbours in a row, a column and a diagonal having
// different ones. What two colours add to the error cancels over four intervals as far as the
// Jacobian stays the same; then v is drawn anew. Each v_m by itself is what `make_probes` gives, so
// the estimate stays unbiased. Source: Stathopoulos, Laeuchli, Orginos 2013, for one matrix.

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

/// The probes of interval m = 0, 1, ... of a path. Colours follow the last two dimensions of z.
at::Tensor probes_of_interval(std::int64_t m,
                              Probe kind,
                              std::int64_t count,
                              std::uint64_t seed,
                              const SampleIds& ids,
                              const at::Tensor& z);

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

/// Hutch++: of the probes a third, k, finds an orthonormal basis Q of what J mostly does (the range
/// of J^T S), whose part of the trace is summed up exactly at k backward passes more; Hutchinson's
/// estimate with the last third is left with the rest of J. As many backward passes as probes, as
/// above, unbiased, and with a variance that falls with the square of their number where the
/// eigenvalues of J decay. For count < 3 there is nothing to divide: throws std::invalid_argument.
/// Gradients as above. Source: Meyer, Musco, Musco, Woodruff 2021, algorithm 1.
NoiseDivergence noise_divergence_hutch_plus_plus(const NoisePredictor& model,
                                                 const at::Tensor& z,
                                                 const at::Tensor& gamma,
                                                 const at::Tensor& probes);

/// With the exact trace.
NoiseDivergence noise_divergence_exact(const NoisePredictor& model,
                                       const at::Tensor& z,
                                       const at::Tensor& gamma);

}  // namespace stochflow::diffusion
