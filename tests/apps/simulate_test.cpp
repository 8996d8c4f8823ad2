#include "simulate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

// 2 models x 2 moments x 3 times = 12 comparisons, |z| < 6 each: 2e-8 in all.
TEST(Simulate, MomentsOfExactlySolvedModelsAreRight) {
  for (const std::string model : {"ou", "cir"}) {
    const SimulateReport report =
        run_simulate({.model = model, .t1 = 1, .steps = 1000, .paths = 4000, .times = 4});
    for (std::size_t i = 1; i < report.ensemble.times.size(); ++i) {
      const Moments& m = report.ensemble.moments[i][0];
      const ExactMoments& exact = report.exact[i][0];
      const auto mean_z = z_score(m.mean(), m.mean_standard_error(), exact.mean);
      const auto variance_z = z_score(m.variance(), m.variance_standard_error(), exact.variance);
      ASSERT_TRUE(mean_z && variance_z);
      EXPECT_LT(std::abs(*mean_z), 6) << model << " at " << report.ensemble.times[i];
      EXPECT_LT(std::abs(*variance_z), 6) << model << " at " << report.ensemble.times[i];
    }
  }
}

TEST(Simulate, EveryModelRunsWithEveryMethodItLists) {
  for (const ModelEntry& entry : simulate_models()) {
    ASSERT_FALSE(entry.methods.empty()) << entry.name;
    for (const std::string& method : entry.methods) {
      const SimulateReport report = run_simulate(
          {.model = entry.name, .method = method, .t1 = 0.1, .steps = 20, .paths = 8, .times = 3});
      EXPECT_EQ(report.ensemble.failures, 0) << entry.name << ' ' << method;
      EXPECT_EQ(report.ensemble.times.size(), 3U);
      EXPECT_EQ(report.exact.back().size(), report.observables.size()) << entry.name;
      EXPECT_NE(report.ensemble.moments.back()[0].variance(), 0) << entry.name << ' ' << method;
    }
  }
}

TEST(Simulate, ParametersAndStartReachTheModel) {
  const SimulateReport report = run_simulate({.model = "gbm",
                                              .t1 = 1,
                                              .steps = 4,
                                              .paths = 4,
                                              .start = {2},
                                              .set = {{"mu", 0}, {"sigma", 0}}});
  EXPECT_EQ(report.ensemble.moments.back()[0].mean(), 2);
  EXPECT_EQ(report.exact.back()[0].mean, 2);
  EXPECT_EQ(report.parameters.at("sigma"), 0);
}

TEST(Simulate, TheNumberOfThreadsChangesNothing) {
  SimulateRequest request{.model = "heston", .t1 = 0.1, .steps = 10, .paths = 1000, .threads = 1};
  request.keep_values = true;
  const SimulateReport one = run_simulate(request);
  request.threads = 3;
  EXPECT_EQ(one.ensemble.values, run_simulate(request).ensemble.values);
}

TEST(Simulate, MistakesAreUsageErrors) {
  EXPECT_THROW(run_simulate({.model = "gmb"}), UsageError);
  EXPECT_THROW(run_simulate({.model = "heston", .method = "Milstein"}), UsageError);
  EXPECT_THROW(run_simulate({.model = "gbm", .start = {1, 2}}), UsageError);
  EXPECT_THROW(run_simulate({.model = "gbm", .set = {{"nu", 1}}}), UsageError);
  EXPECT_THROW(run_simulate({.model = "gbm", .t1 = -1}), UsageError);
  EXPECT_THROW(run_simulate({.model = "gbm", .paths = 1'000'000'000, .keep_values = true}),
               UsageError);
}

TEST(Simulate, ModelsWhoseEveryTrajectoryFailsAreAFailure) {
  // Euler's method with a step far beyond the stability limit of the cubic drift explodes.
  EXPECT_THROW(
      run_simulate({.model = "double-well", .t1 = 100, .steps = 20, .paths = 4, .start = {50}}),
      std::runtime_error);
}

TEST(Simulate, PlotsAndRecordsHoldEveryTimeAndObservable) {
  const SimulateReport report =
      run_simulate({.model = "heston", .steps = 10, .paths = 500, .times = 6});
  const auto results = simulate_results(report);
  EXPECT_EQ(results.at("moments").size(), 6U * 2U);
  EXPECT_EQ(fan_plots(report).size(), 2U);
  for (const Plot& plot : fan_plots(report)) EXPECT_EQ(plot.series.at(0).high.size(), 6U);
  // Densities integrate to one.
  for (const Plot& plot : histogram_plots(report)) {
    const Series& bars = plot.series.at(0);
    const double width = bars.x[1] - bars.x[0];
    EXPECT_NEAR(width * std::accumulate(bars.y.begin(), bars.y.end(), 0.0), 1, 1e-12);
  }
  const std::string csv = moments_csv(report);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 13);
}

TEST(Simulate, TheLongestBarOfTheTerminalHistogramIsFull) {
  const SimulateReport report = run_simulate({.model = "ou", .steps = 10, .paths = 500});
  const std::string text = terminal_histogram(report, 0);
  std::string full;
  for (int k = 0; k < 48; ++k) full += "\u2588";
  EXPECT_NE(text.find("|" + full + "\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 17);
}

}  // namespace
}  // namespace stochflow::apps
