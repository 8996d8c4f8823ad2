#pragma once

// log p(x) from denoising errors alone, without the probability flow: no divergence, no probes, no
// solver. What it shares with `log_likelihood` is the model, so each checks the other.
//   -log p(x) = KL(q(z at gamma_max | x) || N(0, 1))
//               + (1/2) int E||eps - eps_hat||^2 dgamma  over [gamma_min, gamma_max]
//               + (D/2) (ln 2 pi + 1 + gamma_min)
// holds for each x if eps_hat is the exact denoiser of p and the ends lie far enough out (I-MMSE).
// For a model that is not exact, the right side is on average over data an upper bound of the code
// length under the *reverse-time SDE*, whose density is another than that of the flow. It is
// estimated by Monte Carlo over levels and noise: unbiased, at any number of draws.
// Sources: Kingma et al. 2021, equations 11-17; Kong et al. 2023 (identity); Song et
// al. 2021 (likelihood training), theorem 3 (bound).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {

/// The first two terms, in nats [B], for one noise level per sample drawn from a uniform gamma in
/// [gamma_min, gamma_max]: (gamma_max - gamma_min)/2 ||eps - eps_hat||^2 and the prior's KL.
struct BoundTerms {
  at::Tensor diffusion, prior;
};
BoundTerms bound_terms(const NoisePredictor& model,
                       const at::Tensor& x,
                       const at::Tensor& gamma,
                       const at::Tensor& noise,
                       double gamma_min,
                       double gamma_max);

/// The right side for each row of x [N, ...], clean data in the units of the model, in nats: [N].
/// Each image is seen at `draws` levels, one in each of as many equal parts of the schedule's
/// range. Levels and noise are pure functions of (options.seed, id, draw). Of the options seed,
/// batch, micro and dtype are used. Throws std::invalid_argument unless draws >= 1 and there is an
/// id for each row.
std::vector<double> denoising_bound(const NoisePredictor& model,
                                    const Schedule& schedule,
                                    const at::Tensor& x,
                                    const SampleIds& ids,
                                    std::int64_t draws,
                                    const LikelihoodOptions& options);

}  // namespace stochflow::diffusion
