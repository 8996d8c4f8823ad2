#include "stochflow/diffusion/samplers/heun.hpp"

#include <c10/core/GradMode.h>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {

Samples sample_heun(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options) {
  const c10::NoGradGuard no_gradients;
  const ReverseSde sde{schedule, model};
  const at::Tensor x1 = prior_sample(schedule, draw);
  const auto run = solve(sde,
                         Heun{},
                         x1,
                         reverse_grid(times),
                         TensorIncrements(draw.seed, draw.ids, x1),
                         {},
                         detail::in_reverse_time(schedule, options.observer));
  const std::int64_t nfe = run.outcome.step * Heun::facts.drift_evaluations;
  return detail::finish(model, schedule, options, {run.x, nfe, run.outcome});
}

}  // namespace stochflow::diffusion
