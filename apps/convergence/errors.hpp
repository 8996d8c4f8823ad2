#pragma once

// The errors that `stochflow convergence` can measure: each test problem with the methods that
// claim an order on it, behind a plain function. One source file a noise structure instantiates
// them, because all together take minutes and gigabytes to compile.

#include <functional>
#include <string>
#include <vector>

#include "stochflow/verify/method_errors.hpp"

namespace stochflow::apps {

struct MeasurableErrors {
  std::string problem;
  std::vector<std::string> methods;
  /// Of each chosen one of the methods, in their order.
  std::function<std::vector<verify::MethodErrors>(const std::vector<std::string>& chosen,
                                                  const verify::ConvergenceOptions&)>
      measure;
};

std::vector<MeasurableErrors> additive_errors();
std::vector<MeasurableErrors> diagonal_errors();
std::vector<MeasurableErrors> scalar_errors();
std::vector<MeasurableErrors> commutative_errors();
std::vector<MeasurableErrors> general_errors();

/// Whether a choice of problems or methods is of `name`: by itself, or by "all".
bool chooses(const std::vector<std::string>& choice, const std::string& name);

/// Those of the chosen problems and methods, with nothing that is not chosen.
std::vector<MeasurableErrors> chosen_errors(const std::vector<std::string>& problems,
                                            const std::vector<std::string>& methods);

}  // namespace stochflow::apps
