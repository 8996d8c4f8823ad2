#pragma once

// From the dialect of a network to the normal form NoisePredictor, once and for all. Say what the
// network returns (Parametrisation), how it is told the noise level (NoiseLabel) and under which
// schedule its input was scaled; `from_network` does the rest. With x = alpha x0 + sigma eps:
//
//   score          grad log p(x) = -eps/sigma
//   eps            the noise
//   x0             the clean sample
//   v              a eps - s x0 in the variance-preserving frame, a = alpha/scale, s = sigma/scale
//   velocity       dx/dt = alpha' x0 + sigma' eps, what flow matching and rectified flow learn
//   edm_denoiser   the clean sample from x/alpha, noise level sigma/alpha (Karras et al. 2022)
//
// Networks of this library (stochflow/diffusion/checkpoint.hpp) need none of this.

#include <functional>
#include <memory>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {

enum class Parametrisation { score, eps, x0, v, velocity, edm_denoiser };

/// What the network gets as its second argument.
///   t                  the schedule's time
///   t_999              999 t, the index of a thousand discrete levels (Song et al. 2021)
///   sigma              the schedule's sigma; for edm_denoiser sigma/alpha
///   quarter_log_sigma  ln(sigma)/4 of the same (Karras et al. 2022)
///   log_snr            -gamma
enum class NoiseLabel { t, t_999, sigma, quarter_log_sigma, log_snr };

/// The label of a level; `sigma` is the level's, or for edm_denoiser sigma/alpha.
double label_value(NoiseLabel label, const Level& level, double sigma);

/// network(x, label): x [B, ...] scaled by the schedule (for edm_denoiser x/alpha), label [B], both
/// of the dtype and on the device of its caller's z. Returns a tensor like x.
using Network = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& label)>;

/// The normal form of `network`. Looks up the schedule on the host: a gamma that is on another
/// device is waited for.
std::shared_ptr<NoisePredictor> from_network(Network network,
                                             Parametrisation parametrisation,
                                             NoiseLabel label,
                                             Schedule schedule);

/// E[eps | x] of a whole batch at one level of a schedule.
at::Tensor noise_at(const NoisePredictor& model, const at::Tensor& x, const Level& level);

/// grad log p_t(x) = -eps/sigma.
at::Tensor score_at(const NoisePredictor& model, const at::Tensor& x, const Level& level);

/// E[x0 | x] = (x - sigma eps)/alpha: Tweedie's formula, the last step of a sampler.
at::Tensor denoised_at(const NoisePredictor& model, const at::Tensor& x, const Level& level);

}  // namespace stochflow::diffusion
