#include "convergence/proofs.hpp"

#include <algorithm>
#include <utility>

#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

std::string order(double claimed, double value, int digits) {
  return claimed > 0 ? fixed(value, digits) : "-";
}

nlohmann::json order_or_null(double claimed, double value) {
  return claimed > 0 ? nlohmann::json(value) : nlohmann::json();
}

}  // namespace

std::vector<verify::ProofRow> run_proofs(const std::vector<std::string>& methods) {
  std::vector<MethodProofs> chosen;
  for (const auto list :
       {additive_proofs, scalar_proofs, diagonal_proofs, commutative_proofs, general_proofs}) {
    for (MethodProofs& proofs : list()) {
      const bool wanted = std::any_of(methods.begin(), methods.end(), [&](const std::string& name) {
        return name == "all" || name == proofs.method;
      });
      if (wanted) chosen.push_back(std::move(proofs));
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

Table proof_table(const std::vector<verify::ProofRow>& rows) {
  Table table{{"method",
               "calculus",
               "noise",
               "motions",
               "strong claimed",
               "proved",
               "weak claimed",
               "proved",
               "the claim"}};
  for (const verify::ProofRow& row : rows) {
    table.rows.push_back({row.method,
                          row.calculus,
                          row.noise,
                          std::to_string(row.brownian_motions),
                          order(row.strong_claimed, row.strong_claimed, 1),
                          order(row.strong_claimed, row.strong_proved, 2),
                          order(row.weak_claimed, row.weak_claimed, 1),
                          order(row.weak_claimed, row.weak_proved, 2),
                          row.holds ? "proved" : "REFUTED"});
  }
  return table;
}

nlohmann::json proof_results(const std::vector<verify::ProofRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const verify::ProofRow& row : rows) {
    list.push_back({{"method", row.method},
                    {"problem", row.problem},
                    {"calculus", row.calculus},
                    {"noise", row.noise},
                    {"brownian_motions", row.brownian_motions},
                    {"strong_claimed", order_or_null(row.strong_claimed, row.strong_claimed)},
                    {"strong_proved", order_or_null(row.strong_claimed, row.strong_proved)},
                    {"weak_claimed", order_or_null(row.weak_claimed, row.weak_claimed)},
                    {"weak_proved", order_or_null(row.weak_claimed, row.weak_proved)},
                    {"holds", row.holds},
                    {"limited_by", row.weakest}});
  }
  return list;
}

}  // namespace stochflow::apps
