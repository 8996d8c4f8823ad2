#pragma once

// The orders that `stochflow convergence` can measure: each test problem with the methods that
// claim an order on it, behind a plain function. One source file a noise structure instantiates
// them, because all together take minutes and gigabytes to compile.

#include <functional>
#include <string>
#include <vector>

#include "stochflow/verify/convergence.hpp"

namespace stochflow::apps {

struct MeasurableOrders {
  std::string problem;
  std::vector<std::string> methods;
  /// A row for each chosen one of the methods, in their order.
  std::function<std::vector<verify::ConvergenceRow>(const std::vector<std::string>& chosen,
                                                    const verify::ConvergenceOptions&)>
      measure;
};

std::vector<MeasurableOrders> additive_orders();
std::vector<MeasurableOrders> diagonal_orders();
std::vector<MeasurableOrders> scalar_orders();
std::vector<MeasurableOrders> commutative_orders();
std::vector<MeasurableOrders> general_orders();

/// Those of the chosen problems and methods ("all" chooses all), with nothing that is not chosen.
std::vector<MeasurableOrders> chosen_orders(const std::vector<std::string>& problems,
                                            const std::vector<std::string>& methods);

}  // namespace stochflow::apps
