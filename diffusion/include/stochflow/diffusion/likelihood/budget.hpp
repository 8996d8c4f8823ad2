#pragma once

// How far to trust a mean likelihood: each error it contains, estimated apart, in bits/dim. Those
// of sampling the data, the dequantisation noise and the probes are in the standard error of the
// mean; the ones here do not shrink with more images.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/likelihood/likelihood.hpp"

namespace stochflow::diffusion {

/// Mean and its standard error.
struct Estimate {
  double mean = 0;
  double standard_error = 0;
  double rms = 0;  // root mean square of the values
  std::int64_t count = 0;
};

Estimate estimate(const std::vector<double>& values);

/// bits/dim of `b` minus those of `a`, image by image; images that failed in either are left out.
/// With b = the same images under `tighter` options, this is the solver's error (its sign: what a
/// costs less than it should); with b under another probe seed, rms/sqrt(2) is Hutchinson's noise.
/// Throws std::invalid_argument when the ids differ.
Estimate difference(const std::vector<ImageLikelihood>& a,
                    const std::vector<ImageLikelihood>& b,
                    std::int64_t dimensions);

/// Prior mismatch: what it costs to take x(t1) for N(0, prior_std^2 I), as the Kullback-Leibler
/// divergence from N(alpha1 m, alpha1^2 C + sigma1^2 I), with m and C the mean and covariance of
/// the data x [N, ...].
double prior_mismatch(const Schedule& schedule, const at::Tensor& x);

/// Cut-off: the density is that of data with noise of level gamma0 added, evaluated without adding
/// any, so some of the mass of a sharp feature lies beside it. At fixed y = x/alpha the density
/// obeys the heat equation, hence
///   d(-log p)/dgamma = (div_u eps - |eps|^2)/2   at gamma0,
/// and where the data have edges (a dequantised grey level is a box) -log p rises with the width of
/// the smoothing, exp(gamma/2): the total below gamma0 is twice this derivative. Positive: the
/// figure reported is too high by this much. For a density smooth on the scale of the noise it
/// falls like exp(gamma), and the estimate is twice too large. One evaluation of `model` an image,
/// with one probe, called in options.dtype.
Estimate cut_off(const NoisePredictor& model,
                 const Schedule& schedule,
                 const at::Tensor& x,
                 const SampleIds& ids,
                 const LikelihoodOptions& options);

}  // namespace stochflow::diffusion
