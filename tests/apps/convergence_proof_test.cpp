#include <gtest/gtest.h>

#include <algorithm>

#include "convergence/proofs.hpp"

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

TEST(ConvergenceProof, ARefutedClaimStandsOut) {
  auto rows = run_proofs({"SimplifiedEuler"});
  ASSERT_FALSE(rows.empty());
  rows[0].holds = false;
  EXPECT_EQ(proof_table(rows, {}).rows[0].back(), "REFUTED");
  EXPECT_FALSE(proof_results(rows, {})[0].at("holds").get<bool>());
}

}  // namespace
}  // namespace stochflow::apps
