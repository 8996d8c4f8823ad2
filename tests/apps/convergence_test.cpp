#include "convergence.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

ConvergenceRequest small_request() {
  ConvergenceRequest request{.problems = {"ou"}, .methods = {"all"}, .measuring = {}};
  request.measuring.paths = 8192;
  return request;
}

TEST(Convergence, TheRecordHasThePromisedFields) {
  const auto list = convergence_results(run_convergence(small_request()));
  ASSERT_GE(list.size(), 4U);
  for (const auto& row : list) {
    for (const char* field : {"problem",
                              "method",
                              "calculus",
                              "noise",
                              "strong_claimed",
                              "strong_measured",
                              "strong_ci",
                              "weak_claimed",
                              "weak_measured",
                              "weak_ci"}) {
      EXPECT_TRUE(row.contains(field)) << field;
    }
    EXPECT_EQ(row.at("problem"), "ou");
    EXPECT_EQ(row.at("strong_ci").is_null(), row.at("strong_claimed").is_null());
  }
}

TEST(Convergence, AWrongClaimIsContradicted) {
  auto rows = run_convergence({.problems = {"ou"}, .methods = {"EulerMaruyama"}, .measuring = {}});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_FALSE(rows[0].contradicts_claim());
  rows[0].strong_claimed = 1.5;
  EXPECT_TRUE(rows[0].contradicts_claim());
  const Table table = convergence_table(rows);
  EXPECT_EQ(table.rows[0].back(), "CONTRADICTED");
}

TEST(Convergence, CurvesThatAreOneSaySo) {
  // With additive noise Milstein's methods are Euler-Maruyama.
  const auto plots = convergence_plots(run_convergence(small_request()));
  ASSERT_EQ(plots.size(), 2U);
  const auto& series = plots[0].series;
  const auto labelled = [&](const std::string& label) {
    return std::any_of(
        series.begin(), series.end(), [&](const Series& curve) { return curve.label == label; });
  };
  EXPECT_TRUE(labelled("EulerMaruyama"));
  EXPECT_TRUE(labelled("Milstein = EulerMaruyama"));
  EXPECT_TRUE(labelled("Heun"));
}

TEST(Convergence, UnknownNamesListTheValidOnes) {
  ConvergenceRequest request = small_request();
  request.problems = {"oh"};
  try {
    run_convergence(request);
    FAIL() << "an unknown problem was accepted";
  } catch (const UsageError& error) {
    const std::string text = error.what();
    for (const std::string& name : test_problem_names()) {
      EXPECT_NE(text.find(name), std::string::npos) << name;
    }
  }
  request = small_request();
  request.methods = {"Euler"};
  EXPECT_THROW(run_convergence(request), UsageError);
}

}  // namespace
}  // namespace stochflow::apps
