#pragma once

// The proofs that `stochflow convergence --proof` can make: every method on every noise structure
// that it claims, behind a plain function. One source file a noise structure in proofs/, because
// each step is compiled for each problem.

#include <functional>
#include <string>
#include <vector>

#include "stochflow/verify/proofs.hpp"

namespace stochflow::apps {

/// The proofs of one method for one noise structure, behind a plain function.
struct MethodProofs {
  std::string method;
  std::function<std::vector<verify::ProofRow>()> rows;
};

std::vector<MethodProofs> additive_proofs();
std::vector<MethodProofs> scalar_proofs();
std::vector<MethodProofs> diagonal_proofs();
std::vector<MethodProofs> commutative_proofs();
std::vector<MethodProofs> general_proofs();

}  // namespace stochflow::apps
