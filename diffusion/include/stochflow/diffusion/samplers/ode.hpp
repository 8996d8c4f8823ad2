#pragma once

#include <string_view>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Boost.Odeint's controlled steppers.
enum class OdeStepper { dopri5, cash_karp54, fehlberg78 };

struct OdeTolerance {
  double rtol = 1e-4;
  double atol = 1e-4;  // in units of x: a grey level of 8 bits on [-1, 1] is 8e-3
  OdeStepper stepper = OdeStepper::dopri5;
  std::int64_t max_steps = 10000;
};

/// The probability flow from t1 to t0 with adaptive steps, in the schedule's own time. One step
/// size serves the batch: the largest error of any component rules, so a sample moves within the
/// tolerance when its neighbours change. A run that cannot go on says so in Samples::outcome.
/// Song et al. 2021, section 4.3.
Samples sample_ode(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   const OdeTolerance& tolerance = {},
                   const SampleOptions& options = {});

}  // namespace stochflow::diffusion
