#include "work_precision/count_costs.hpp"

namespace stochflow::apps {

std::vector<StepCost> step_costs_of_numbers() { return count_step_costs<true>(); }

}  // namespace stochflow::apps
