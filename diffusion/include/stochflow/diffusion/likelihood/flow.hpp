#pragma once

// The probability flow in the variables in which a network's likelihood is best computed: z in the
// variance-preserving frame against gamma = -log SNR,
//
//   dz/dgamma = s (eps - s z)/2,     dl/dgamma = s div_z(eps)/2,     s^2 = 1/(1 + exp(-gamma)),
//
// the same for every schedule. Where there is little noise z stands almost still, and where there
// is little signal eps is close to z: both ends are smooth, unlike x/sigma and x/alpha, which
// explode at one of them. Errors are measured in units of the noise, |dz|/s: a tolerance on z
// itself means nothing where s is 1e-4. Between gamma0 and gamma1, with x = scale z,
//
//   log p(x0) = log prior(x1) + D ln(alpha1/alpha0) + l1 - l0.
//
// Derivation: with y = x/alpha and sh = sigma/alpha = exp(gamma/2) the flow is dy/dsh = eps, and
// d log p_y/dgamma = -div_y(dy/dgamma) = -sh div_y(eps)/2 = -s div_z(eps)/2, as z = a y and s = a
// sh; the change from y to x at both ends gives the term in alpha. Source: Song et al. 2021,
// appendix D; Zheng et al. 2023 (i-DODE), section 3, for the clock.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/likelihood/divergence.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/tensor/micro_batch.hpp"

namespace stochflow::diffusion {

enum class Trace { hutchinson, hutch_plus_plus, exact };

/// The estimate of that kind; the exact one asks no probes.
NoiseDivergence noise_divergence_by(Trace trace,
                                    const NoisePredictor& model,
                                    const at::Tensor& z,
                                    const at::Tensor& gamma,
                                    const at::Tensor& probes);

/// The field of the packed state [z, l, gamma]: [B, D + 2] in float64. It carries its own clock so
/// that the size of an error can be judged from the state alone.
class LikelihoodFlow {
 public:
  /// Samples of `shape`; the model is called in `dtype`, in pieces [micro.rows, shape], by
  /// micro.threads threads at a time.
  LikelihoodFlow(const NoisePredictor& model,
                 std::vector<std::int64_t> shape,
                 at::ScalarType dtype,
                 Trace trace,
                 const MicroBatch& micro);

  /// Hutchinson's probes [P, B, shape], held fixed while they are in use; not needed for the exact
  /// trace.
  void set_probes(const at::Tensor& probes);
  /// Those of one row, [P, 1, shape], and those it gets where its probes change next.
  void set_probes(std::int64_t row, const at::Tensor& now, const at::Tensor& next);

  /// d/dgamma of the state [B, D + 2].
  at::Tensor operator()(const at::Tensor& state) const { return field(state, probes_); }
  /// The same where the probes have just changed for the rows in `changed` [B], bool.
  at::Tensor after_change(const at::Tensor& state, const at::Tensor& changed) const;

 private:
  at::Tensor field(const at::Tensor& state, const at::Tensor& probes) const;

  const NoisePredictor& model_;
  std::vector<std::int64_t> shape_;
  at::ScalarType dtype_;
  Trace trace_;
  MicroBatch micro_;
  at::Tensor probes_, next_probes_;  // [B, P, shape]
};

/// What an integration step may get wrong.
struct LikelihoodTolerance {
  double atol = 3e-3;             // on z, in units of the noise; root mean square over components
  double atol_log_density = 0.1;  // nats
};

/// Error [B] of a step of the packed state in units of the tolerance: the larger of the two parts.
/// `gamma` [B] says at which noise level.
at::Tensor likelihood_error(const at::Tensor& error,
                            const at::Tensor& gamma,
                            const LikelihoodTolerance& tolerance);

}  // namespace stochflow::diffusion
