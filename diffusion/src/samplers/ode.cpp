#include "stochflow/diffusion/samplers/ode.hpp"

#include <c10/core/GradMode.h>

#include <stdexcept>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow::diffusion {

Samples sample_ode(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   const OdeTolerance& tolerance,
                   const SampleOptions& options) {
  const c10::NoGradGuard no_gradients;
  const ProbabilityFlow flow{schedule, model};
  const at::Tensor x1 = prior_sample(schedule, draw);
  const auto observer = [&](const at::Tensor& x, double t) {
    if (options.observer) options.observer(x, t);
  };
  const auto run_with = [&](const auto& stepper) {
    const auto run = solve_ode(
        flow, stepper, x1, schedule.t1, schedule.t0, {.max_steps = tolerance.max_steps}, observer);
    return detail::finish(model, schedule, options, {run.x, run.evaluations, run.outcome});
  };
  switch (tolerance.stepper) {
    case OdeStepper::dopri5:
      return run_with(Dopri5{.rtol = tolerance.rtol, .atol = tolerance.atol});
    case OdeStepper::cash_karp54:
      return run_with(CashKarp54{.rtol = tolerance.rtol, .atol = tolerance.atol});
    case OdeStepper::fehlberg78:
      return run_with(Fehlberg78{.rtol = tolerance.rtol, .atol = tolerance.atol});
  }
  throw std::invalid_argument("sample_ode: this stepper is none of the enumerators");
}

}  // namespace stochflow::diffusion
