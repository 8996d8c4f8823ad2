#include "work_precision/count_costs.hpp"

namespace stochflow::apps {

std::vector<StepCost> step_costs_of_vectors() { return count_step_costs<false>(); }

}  // namespace stochflow::apps
