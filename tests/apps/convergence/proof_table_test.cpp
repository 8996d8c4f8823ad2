#include "convergence/proof_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace stochflow::apps {
namespace {

TEST(ConvergenceProof, ARowForEachNoiseAndWhatItSays) {
  const auto rows = run_proofs({"Heun", "SimplifiedEuler"});
  ASSERT_GE(rows.size(), 10U);
  const auto measured = measure_beside_proofs({"Heun", "SimplifiedEuler"}, {.paths = 2048});
  const auto table = proof_table(rows, measured);
  const auto list = proof_results(rows, measured);
  const auto seen = std::find_if(list.begin(), list.end(), [](const auto& row) {
    return row.at("method") == "Heun" && row.at("noise") == "diagonal";
  });
  ASSERT_NE(seen, list.end());
  EXPECT_NEAR(seen->at("strong_measured").get<double>(), 1, 0.2);
  EXPECT_LT(seen->at("strong_ci")[0], seen->at("strong_measured"));
  ASSERT_EQ(table.rows.size(), rows.size());
  ASSERT_EQ(list.size(), rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    EXPECT_TRUE(rows[k].holds) << rows[k].method << " on " << rows[k].problem;
    EXPECT_EQ(table.rows[k].size(), table.header.size());
    EXPECT_EQ(table.rows[k].back(), "proved");
    EXPECT_TRUE(list[k].at("weak_proved").is_number());
    // Two-point variables follow no path: nothing is claimed, and null says so.
    EXPECT_EQ(list[k].at("strong_proved").is_null(), rows[k].method == "SimplifiedEuler");
  }
}

// Beside a proof stands what was measured of the same method, noise and calculus, and nothing else.
TEST(ConvergenceProof, MeasurementsFindTheirProofs) {
  const auto row = [](const char* method, const char* calculus, const char* noise) {
    verify::ProofRow proof;
    proof.method = method, proof.calculus = calculus, proof.noise = noise;
    proof.strong_claimed = 1;
    return proof;
  };
  const auto measurement =
      [](const char* method, const char* calculus, const char* noise, double order) {
        verify::ConvergenceRow measured;
        measured.method = method, measured.calculus = calculus, measured.noise = noise;
        measured.strong.order = order;
        measured.strong.resolved = true;
        return measured;
      };
  const auto list = proof_results({row("A", "ito", "diagonal"),
                                   row("A", "stratonovich", "diagonal"),
                                   row("A", "stratonovich", "additive"),
                                   row("B", "ito", "scalar")},
                                  {measurement("A", "ito", "scalar", 9),
                                   measurement("B", "ito", "diagonal", 8),
                                   measurement("A", "stratonovich", "diagonal", 2),
                                   measurement("A", "ito", "diagonal", 1),
                                   measurement("A", "ito", "additive", 3)});
  EXPECT_EQ(list[0].at("strong_measured"), 1);
  EXPECT_EQ(list[1].at("strong_measured"), 2);
  EXPECT_EQ(list[2].at("strong_measured"), 3);  // with additive noise the calculi are one
  EXPECT_TRUE(list[3].at("strong_measured").is_null());
  EXPECT_TRUE(list[0].at("weak_measured").is_null());  // of which nothing is claimed
}

TEST(ConvergenceProof, ARefutedClaimStandsOut) {
  auto rows = run_proofs({"SimplifiedEuler"});
  ASSERT_FALSE(rows.empty());
  rows[0].holds = false;
  EXPECT_EQ(proof_table(rows, {}).rows[0].back(), "REFUTED");
  EXPECT_FALSE(proof_results(rows, {})[0].at("holds").get<bool>());
}

}  // namespace
}  // namespace stochflow::apps
