#pragma once

// The probability flow in the variables in which a network's likelihood is best computed: u =
// x/sigma against gamma = -log SNR,
//
//   du/dgamma = -(u - eps)/2,        d l/dgamma = div_u(eps)/2,
//
// the same for every schedule, with u in units of the noise so that one tolerance fits all levels.
// Between gamma0 and gamma1, with x1 = sigma1 u1,
//
//   log p(x0) = log prior(x1) + D ln(alpha1/alpha0) + l1 - l0.
//
// Derivation: with y = x/alpha and sh = sigma/alpha = exp(gamma/2) the flow is dy/dsh = eps, so u =
// y/sh moves as above; d log p_u/dgamma = -div(du/dgamma) = (D - div_u(eps))/2; and D (gamma1 -
// gamma0)/2 cancels against the change of variables from u to x at both ends but for D
// ln(alpha1/alpha0). Source: Zheng et al. 2023 (i-DODE), section 3, for the clock; mnist
// measurements for u.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/likelihood/divergence.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

enum class Trace { hutchinson, exact };

/// The field of the packed state [u, l]: [B, D + 1] in float64.
class LikelihoodFlow {
 public:
  /// Samples of `shape`; the model is called in `dtype`, with its input as [B, shape].
  LikelihoodFlow(const NoisePredictor& model,
                 std::vector<std::int64_t> shape,
                 at::ScalarType dtype,
                 Trace trace);

  /// Hutchinson's probes [P, B, shape], held fixed while they are in use; not needed for the exact
  /// trace.
  void set_probes(at::Tensor probes);
  /// Those of one row: [P, shape].
  void set_probes(std::int64_t row, const at::Tensor& probes);

  /// d/dgamma of the state [B, D + 1] at gamma [B].
  at::Tensor operator()(const at::Tensor& state, const at::Tensor& gamma) const;

 private:
  const NoisePredictor& model_;
  std::vector<std::int64_t> shape_;
  at::ScalarType dtype_;
  Trace trace_;
  at::Tensor probes_;
};

/// What an integration step may get wrong.
struct LikelihoodTolerance {
  double atol = 3e-3;  // on u, in units of the noise; root mean square over the components
  double rtol = 3e-3;  // times |u|
  double atol_log_density = 0.1;  // nats a step
};

/// Error [B] of a step of the packed state in units of the tolerance: the larger of the two parts.
at::Tensor likelihood_error(const at::Tensor& state,
                            const at::Tensor& next,
                            const at::Tensor& error,
                            const LikelihoodTolerance& tolerance);

}  // namespace stochflow::diffusion
