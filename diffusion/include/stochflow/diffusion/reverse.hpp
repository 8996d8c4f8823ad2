#pragma once

// Generation as an ordinary initial-value problem. `ReverseSde` runs time backwards, in s = t1 - t,
// and is then a forward SDE with additive noise for `solve` and any of its methods;
// `ProbabilityFlow` is the ODE with the same marginals, in the schedule's own t, for `solve_ode`
// (integrate from t1 down to t0 to sample, upwards to encode). Both work for every schedule and
// every model. Complete samplers are in stochflow/diffusion/samplers.
// Source: Anderson 1982; Song et al. 2021, eqs. (6) and (13).

#include <ATen/ATen.h>

#include <span>
#include <vector>

#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::diffusion {

/// dx = [-f x + g^2 score(x, t)] ds + g dW with t = t1 - s, on s in [0, t1 - t0].
/// Refers to the schedule and the model: both must outlive it.
struct ReverseSde {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  const Schedule& schedule;
  const NoisePredictor& model;

  Level level(double s) const { return schedule.at(schedule.t1 - s); }

  /// x [B, ...]
  at::Tensor drift(const at::Tensor& x, double s) const {
    const Level at_s = level(s);
    return -at_s.f() * x + at_s.g_squared() * score_at(model, x, at_s);
  }
  double diffusion(const at::Tensor&, double s) const { return level(s).g(); }
};

/// dx/dt = f x - g^2/2 score(x, t), t in [t0, t1].
struct ProbabilityFlow {
  const Schedule& schedule;
  const NoisePredictor& model;

  at::Tensor operator()(const at::Tensor& x, double t) const {
    const Level level = schedule.at(t);
    return level.f() * x - (0.5 * level.g_squared()) * score_at(model, x, level);
  }
};

/// The grid in s of decreasing times t1, ..., t0 (uniform_times, log_snr_times).
inline std::vector<double> reverse_grid(std::span<const double> times) {
  std::vector<double> grid;
  for (const double t : times) grid.push_back(times.front() - t);
  return grid;
}

}  // namespace stochflow::diffusion
