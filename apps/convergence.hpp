#pragma once

// `stochflow convergence`: every method measured on problems with known solutions, claimed and
// measured orders side by side. The measuring is stochflow/verify/convergence.hpp; here are the
// choice of rows and the table, record and plots made of them, which the demo shares.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stochflow/verify/convergence.hpp"
#include "support/plot.hpp"
#include "support/table.hpp"

namespace stochflow::apps {

struct ConvergenceRequest {
  std::vector<std::string> problems = {"all"};  // names of test problems, or all
  std::vector<std::string> methods = {"all"};   // names of methods, or all
  verify::ConvergenceOptions measuring;
};

std::vector<std::string> test_problem_names();
std::vector<std::string> method_names();

/// One row for each pair of a problem and a method that claims an order on it, with progress on
/// standard error. All intervals together cover their orders with probability measuring.confidence,
/// so that none excludes a true claim by chance. Throws UsageError for unknown names and for a
/// choice without any such pair.
std::vector<verify::ConvergenceRow> run_convergence(const ConvergenceRequest& request);

Table convergence_table(const std::vector<verify::ConvergenceRow>& rows);
/// The list of {problem, method, calculus, noise, strong_claimed, ..., weak_ci} and the errors
/// behind it. An order is null where the errors drown in noise or change their sign.
nlohmann::json convergence_results(const std::vector<verify::ConvergenceRow>& rows);
/// Strong and weak errors over the step, log-log, with the claimed slopes.
std::vector<Plot> convergence_plots(const std::vector<verify::ConvergenceRow>& rows);

}  // namespace stochflow::apps
