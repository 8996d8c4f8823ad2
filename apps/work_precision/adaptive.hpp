#pragma once

// The adaptive runs that `stochflow work-precision` can make: each test problem with each adaptive
// method that solves it, behind a plain function. One source file a noise structure, as in
// convergence/errors.hpp.

#include <functional>
#include <string>
#include <vector>

#include "stochflow/verify/work_precision.hpp"

namespace stochflow::apps {

struct AdaptiveRun {
  std::string problem, calculus, method;
  bool step_doubling;
  std::function<std::vector<verify::WorkPrecisionPoint>(const std::vector<double>& tolerances,
                                                        const verify::WorkPrecisionOptions&)>
      measure;
};

std::vector<AdaptiveRun> additive_adaptive_runs();
std::vector<AdaptiveRun> scalar_adaptive_runs();
std::vector<AdaptiveRun> diagonal_adaptive_runs();
std::vector<AdaptiveRun> commutative_adaptive_runs();

}  // namespace stochflow::apps
