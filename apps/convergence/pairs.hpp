#pragma once

// The rows that `stochflow convergence` can measure: each test problem with each method that claims
// an order on it, behind a plain function. One source file a noise structure instantiates them,
// because all together take minutes and gigabytes to compile.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/verify/convergence.hpp"

namespace stochflow::apps {

struct Pair {
  std::string problem, method;
  std::function<verify::ConvergenceRow(const verify::ConvergenceOptions&)> measure;
};

std::vector<Pair> additive_pairs();
std::vector<Pair> diagonal_pairs();
std::vector<Pair> scalar_pairs();
std::vector<Pair> commutative_pairs();
std::vector<Pair> general_pairs();

}  // namespace stochflow::apps
