#pragma once

// Adams' multistep methods with variable steps: where each evaluation is dear and the solution
// smooth, they get by with one a step, because they remember the last few. Predict, evaluate,
// correct (PEC): the predictor integrates the polynomial through the last `order` slopes, f is
// evaluated there once, and the corrector's polynomial passes through that value as well. Each row
// starts at order 1 and gains one a step, again after every jump of the field
// (AdaptiveBatch::set_stops). Source: Hairer, Norsett and Wanner 1993, section III.5.

#include <string_view>

namespace stochflow::diffusion {

inline constexpr int max_adams_order = 6;

struct Adams {
  std::string_view name = "adams";
  int order = 5;  // of the predictor, 1 to 6; the corrector has one more
};

}  // namespace stochflow::diffusion
