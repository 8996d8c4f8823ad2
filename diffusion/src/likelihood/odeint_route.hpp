#pragma once

// A batch of likelihoods by Boost.Odeint; private to the folder.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "clock.hpp"
#include "stochflow/diffusion/likelihood/flow.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"

namespace stochflow::diffusion {

struct OdeintLikelihood {
  at::Tensor states;  // [B, D + 2]
  std::int64_t evaluations = 0;
  std::int64_t rejected = 0;
  Outcome outcome;
};

OdeintLikelihood integrate_with_odeint(const LikelihoodFlow& flow,
                                       const at::Tensor& states,
                                       const FlowClock& clock,
                                       const LikelihoodOptions& options);

}  // namespace stochflow::diffusion
