#pragma once

// `stochflow convergence --proof`: the claimed orders proved from one step, without sampling
// (stochflow/verify/one_step.hpp), and measured ones beside them.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stochflow/verify/convergence.hpp"
#include "stochflow/verify/proofs.hpp"
#include "support/table.hpp"

namespace stochflow::apps {

/// The rows of the named methods (or all), with progress on standard error.
std::vector<verify::ProofRow> run_proofs(const std::vector<std::string>& methods);

/// The measured orders of the same methods, one problem for each noise structure: what the proofs
/// say, seen on paths.
std::vector<verify::ConvergenceRow> measure_beside_proofs(
    const std::vector<std::string>& methods, const verify::ConvergenceOptions& options);

/// With the measured orders of the same method, calculus and noise structure beside the proved
/// ones.
Table proof_table(const std::vector<verify::ProofRow>& rows,
                  const std::vector<verify::ConvergenceRow>& measured);
/// The list of {method, problem, calculus, noise, brownian_motions, strong_claimed, strong_proved,
/// weak_claimed, weak_proved, holds, strong_measured, strong_ci, weak_measured, weak_ci}; null
/// where nothing is claimed or nothing was measured.
nlohmann::json proof_results(const std::vector<verify::ProofRow>& rows,
                             const std::vector<verify::ConvergenceRow>& measured);

}  // namespace stochflow::apps
