#include "convergence/proof_table.hpp"

#include <algorithm>
#include <utility>

#include "convergence.hpp"
#include "convergence/errors.hpp"
#include "convergence/proofs.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

std::string order(double claimed, double value, int digits) {
  return claimed > 0 ? fixed(value, digits) : "-";
}

nlohmann::json order_or_null(double claimed, double value) {
  return claimed > 0 ? nlohmann::json(value) : nlohmann::json();
}

/// The measurement that belongs to a proof, or nullptr. With additive noise the calculi are one.
const verify::ConvergenceRow* beside(const verify::ProofRow& row,
                                     const std::vector<verify::ConvergenceRow>& measured) {
  const auto found =
      std::find_if(measured.begin(), measured.end(), [&](const verify::ConvergenceRow& other) {
        return other.method == row.method && other.noise == row.noise &&
               (other.calculus == row.calculus || row.noise == "additive");
      });
  return found == measured.end() ? nullptr : &*found;
}

std::string slope(double claimed, const verify::OrderFit& fit) {
  if (claimed <= 0 || !fit.resolved) return "-";
  return fixed(fit.order, 2) + " [" + fixed(fit.low, 2) + ", " + fixed(fit.high, 2) + "]";
}

nlohmann::json interval_or_null(double claimed, const verify::OrderFit& fit) {
  return claimed > 0 && fit.resolved ? nlohmann::json::array({fit.low, fit.high})
                                     : nlohmann::json();
}

}  // namespace

std::vector<verify::ProofRow> run_proofs(const std::vector<std::string>& methods) {
  std::vector<MethodProofs> chosen;
  for (const auto list :
       {additive_proofs, scalar_proofs, diagonal_proofs, commutative_proofs, general_proofs}) {
    for (MethodProofs& proofs : list()) {
      if (chooses(methods, proofs.method)) chosen.push_back(std::move(proofs));
    }
  }
  Progress progress("Proving orders", static_cast<std::int64_t>(chosen.size()));
  std::vector<verify::ProofRow> rows;
  for (const MethodProofs& proofs : chosen) {
    for (verify::ProofRow& row : proofs.rows()) rows.push_back(std::move(row));
    progress.advance();
  }
  return rows;
}

std::vector<verify::ConvergenceRow> measure_beside_proofs(
    const std::vector<std::string>& methods, const verify::ConvergenceOptions& options) {
  return run_convergence(
      {.problems = {"additive-time", "scalar-noise", "tanh", "commutative-noise", "general-noise"},
       .methods = methods,
       .measuring = options});
}

Table proof_table(const std::vector<verify::ProofRow>& rows,
                  const std::vector<verify::ConvergenceRow>& measured) {
  Table table{{"method",
               "calculus",
               "noise",
               "motions",
               "strong claimed",
               "proved",
               "measured",
               "weak claimed",
               "proved",
               "measured",
               "the claim"}};
  for (const verify::ProofRow& row : rows) {
    const auto* seen = beside(row, measured);
    table.rows.push_back({row.method,
                          row.calculus,
                          row.noise,
                          std::to_string(row.brownian_motions),
                          order(row.strong_claimed, row.strong_claimed, 1),
                          order(row.strong_claimed, row.strong_proved, 2),
                          seen ? slope(row.strong_claimed, seen->strong) : "-",
                          order(row.weak_claimed, row.weak_claimed, 1),
                          order(row.weak_claimed, row.weak_proved, 2),
                          seen ? slope(row.weak_claimed, seen->weak) : "-",
                          row.holds ? "proved" : "REFUTED"});
  }
  return table;
}

nlohmann::json proof_results(const std::vector<verify::ProofRow>& rows,
                             const std::vector<verify::ConvergenceRow>& measured) {
  nlohmann::json list = nlohmann::json::array();
  const verify::OrderFit nothing;
  for (const verify::ProofRow& row : rows) {
    const auto* seen = beside(row, measured);
    const verify::OrderFit& strong = seen ? seen->strong : nothing;
    const verify::OrderFit& weak = seen ? seen->weak : nothing;
    list.push_back(
        {{"method", row.method},
         {"problem", row.problem},
         {"calculus", row.calculus},
         {"noise", row.noise},
         {"brownian_motions", row.brownian_motions},
         {"strong_claimed", order_or_null(row.strong_claimed, row.strong_claimed)},
         {"strong_proved", order_or_null(row.strong_claimed, row.strong_proved)},
         {"weak_claimed", order_or_null(row.weak_claimed, row.weak_claimed)},
         {"weak_proved", order_or_null(row.weak_claimed, row.weak_proved)},
         {"strong_measured", order_or_null(strong.resolved ? row.strong_claimed : 0, strong.order)},
         {"strong_ci", interval_or_null(row.strong_claimed, strong)},
         {"weak_measured", order_or_null(weak.resolved ? row.weak_claimed : 0, weak.order)},
         {"weak_ci", interval_or_null(row.weak_claimed, weak)},
         {"holds", row.holds},
         {"limited_by", row.weakest}});
  }
  return list;
}

}  // namespace stochflow::apps
