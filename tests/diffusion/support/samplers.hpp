#pragma once

// Every sampler by one signature, and a distribution for them to draw from.

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/samplers/ancestral.hpp"
#include "stochflow/diffusion/samplers/annealed_langevin.hpp"
#include "stochflow/diffusion/samplers/ddim.hpp"
#include "stochflow/diffusion/samplers/deis.hpp"
#include "stochflow/diffusion/samplers/dpm_solver.hpp"
#include "stochflow/diffusion/samplers/dpmpp.hpp"
#include "stochflow/diffusion/samplers/edm.hpp"
#include "stochflow/diffusion/samplers/em.hpp"
#include "stochflow/diffusion/samplers/heun.hpp"
#include "stochflow/diffusion/samplers/ode.hpp"
#include "stochflow/diffusion/samplers/pc.hpp"
#include "stochflow/diffusion/samplers/reverse_diffusion.hpp"
#include "stochflow/diffusion/samplers/sde.hpp"
#include "stochflow/diffusion/samplers/unipc.hpp"
#include "stochflow/methods/sra1.hpp"

namespace stochflow::diffusion::testing {

/// Two modes in 16 dimensions, so that norms concentrate as the corrector's step size presumes.
inline constexpr std::int64_t D = 16;
struct TwoModes {
  double weight = 0.4;           // of the first
  double mean[2] = {0.9, -0.6};  // of every component; the mixture's mean is 0
  double var[2] = {0.05, 0.1};

  MixtureScore model() const {
    const at::Tensor ones = at::ones({D}, at::kDouble);
    return {doubles({weight, 1 - weight}, {2}),
            at::stack({mean[0] * ones, mean[1] * ones}),
            doubles({var[0], var[1]}, {2})};
  }
  /// Distribution function of (1/sqrt(D)) sum_k x_k at a noise level: it separates the modes.
  double along(double x, const Level& level) const {
    return mixture_cdf(x, level, std::sqrt(static_cast<double>(D)));
  }
  double component(double x, const Level& level) const { return mixture_cdf(x, level, 1); }
  double mixture_cdf(double x, const Level& level, double stretch) const {
    const auto mode = [&](int k) {
      const double v = std::exp(2 * level.log_alpha) * var[k] + level.sigma * level.sigma;
      return normal_cdf((x - level.alpha() * stretch * mean[k]) / std::sqrt(v));
    };
    return weight * mode(0) + (1 - weight) * mode(1);
  }
};

inline Draw batch_of(std::int64_t n, std::uint64_t seed = 1) {
  return {.seed = seed, .ids = sample_range(0, n), .shape = {D}, .options = at::kDouble};
}

using Sampler = std::function<Samples(
    const NoisePredictor&, const Schedule&, const Draw&, const SampleOptions&)>;

using GridSampler = std::function<Samples(const NoisePredictor&,
                                          const Schedule&,
                                          const Draw&,
                                          std::span<const double>,
                                          const SampleOptions&)>;

/// A sampler on a grid of log-SNR times, of as many steps as make `evaluations`.
inline Sampler on_grid(std::int64_t evaluations, std::int64_t per_step, GridSampler sampler) {
  return [=](const auto& model, const auto& schedule, const auto& draw, const auto& options) {
    const auto times = log_snr_times(schedule, evaluations / per_step);
    return sampler(model, schedule, draw, times, options);
  };
}

/// sample_f(model, schedule, draw, times, extra, options) as a GridSampler.
template <class F, class Extra>
GridSampler with(F sampler, Extra extra) {
  return [=](const auto& model,
             const auto& schedule,
             const auto& draw,
             std::span<const double> times,
             const auto& options) { return sampler(model, schedule, draw, times, extra, options); };
}

/// Every sampler, with enough steps for its bias to be far below what the tests resolve.
inline std::map<std::string, Sampler> samplers(std::int64_t n) {
  return {
      {"em", on_grid(n, 1, sample_em)},
      {"heun", on_grid(n, 2, sample_heun)},
      {"sra1", on_grid(n, 2, [](const auto&... all) { return sample_sde(SRA1{}, all...); })},
      {"pc", on_grid(n, 2, with(sample_pc, LangevinCorrector{.signal_to_noise = 0.1}))},
      {"reverse-diffusion", on_grid(n, 1, sample_reverse_diffusion)},
      {"ancestral", on_grid(n, 1, sample_ancestral)},
      {"ddpm", on_grid(n, 1, sample_ddpm)},
      {"ddim", on_grid(n, 1, with(sample_ddim, 0.0))},
      {"ddim with noise", on_grid(n, 1, with(sample_ddim, 0.5))},
      {"edm", on_grid(n, 2, with(sample_edm, Churn{}))},
      {"edm with churn", on_grid(n, 2, with(sample_edm, Churn{.churn = 20}))},
      {"dpmpp-2m", on_grid(n, 1, sample_dpmpp_2m)},
      {"dpmpp-2s", on_grid(n, 2, with(sample_dpmpp_2s, 0.0))},
      {"dpmpp-2s ancestral", on_grid(n, 2, with(sample_dpmpp_2s, 1.0))},
      {"dpmpp-sde", on_grid(n, 2, with(sample_dpmpp_sde, 1.0))},
      {"dpmpp-3m-sde", on_grid(n, 1, with(sample_dpmpp_3m_sde, 1.0))},
      {"unipc", on_grid(n, 1, with(sample_unipc, 3))},
      {"deis", on_grid(n, 1, with(sample_deis, 3))},
      {"ode", [](const auto& model, const auto& schedule, const auto& draw, const auto& options) {
         return sample_ode(model, schedule, draw, {.rtol = 1e-5, .atol = 1e-5}, options);
       }}};
}

/// Those on a fixed grid, with the ones that `samplers` leaves to tests of their own. The adaptive
/// ODE is not among them: its one step size comes from the whole batch, and the host reads it.
inline std::map<std::string, Sampler> samplers_on_grids(std::int64_t n) {
  std::map<std::string, Sampler> all = samplers(n);
  all.erase("ode");
  for (const int order : {1, 2, 3}) {
    all["dpm-solver-" + std::to_string(order)] = on_grid(n, order, with(sample_dpm_solver, order));
  }
  all["annealed-langevin"] =
      on_grid(n, 1, with(sample_annealed_langevin, Annealing{.steps_per_level = 2}));
  return all;
}

}  // namespace stochflow::diffusion::testing
