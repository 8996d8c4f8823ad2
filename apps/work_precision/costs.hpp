#pragma once

// What a step of each method evaluates on each test problem, counted. Two source files, because all
// together take a while to compile.

#include <string>
#include <vector>

namespace stochflow::apps {

struct StepCost {
  std::string problem, calculus, method;
  double evaluations;
};

std::vector<StepCost> step_costs_of_vectors();
std::vector<StepCost> step_costs_of_numbers();

}  // namespace stochflow::apps
