#pragma once

#include <c10/core/GradMode.h>

#include <cstdint>
#include <span>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/samplers/sampling.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {

/// The reverse SDE by any explicit method of the solver library for additive noise, each step as
/// long as the grid says: sample_sde(SRA1{}, model, schedule, draw, times). Its `drift_evaluations`
/// a step. Methods whose stages leave their step do not compile.
template <class Method>
Samples sample_sde(const Method& method,
                   const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   std::span<const double> times,
                   const SampleOptions& options = {}) {
  static_assert(Method::facts.stages_inside_step,
                "sample_sde: the schedule knows no noise levels beyond its ends, where this "
                "method's stages would be.");
  const c10::NoGradGuard no_gradients;
  const ReverseSde sde{schedule, model};
  const at::Tensor x1 = prior_sample(schedule, draw);
  const auto run = solve(sde,
                         method,
                         x1,
                         reverse_grid(times),
                         TensorIncrements(draw.seed, draw.ids, x1),
                         {},
                         detail::in_reverse_time(schedule, options.observer));
  const std::int64_t nfe = run.outcome.step * Method::facts.drift_evaluations;
  return detail::finish(model, schedule, options, {run.x, nfe, run.outcome});
}

}  // namespace stochflow::diffusion
