#include "stochflow/verify/work_precision.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/sra1.hpp"
#include "stochflow/methods/sriw1.hpp"

namespace stochflow::verify {
namespace {

// The exact solution is the one of the path that the run has seen: an independent path would leave
// an error of the size of the solution's spread at every tolerance.
TEST(WorkPrecision, ErrorsFallWithTheToleranceForAPrice) {
  const std::vector<double> tolerances{3e-2, 3e-3, 3e-4};
  const auto points = adaptive_work_precision(
      GbmTest<Calculus::ito>{}, SRIW1{}, tolerances, {.paths = 64, .seed = 3, .threads = 1});
  ASSERT_EQ(points.size(), 3U);
  for (std::size_t k = 0; k < points.size(); ++k) {
    EXPECT_EQ(points[k].setting, tolerances[k]);
    EXPECT_EQ(points[k].failures, 0);
    EXPECT_GT(points[k].standard_error, 0);
    if (k == 0) continue;
    EXPECT_LT(points[k].error, points[k - 1].error / 2);
    EXPECT_GT(points[k].evaluations, 1.5 * points[k - 1].evaluations);
  }
  EXPECT_LT(points.back().error, 0.01);
}

TEST(WorkPrecision, DoesNotDependOnTheNumberOfThreads) {
  const auto run = [](int threads) {
    return adaptive_work_precision(
        OrnsteinUhlenbeckTest{}, SRA1{}, {1e-2}, {.paths = 32, .seed = 1, .threads = threads})[0];
  };
  const WorkPrecisionPoint one = run(1), two = run(2);
  EXPECT_EQ(one.error, two.error);
  EXPECT_EQ(one.evaluations, two.evaluations);
  EXPECT_EQ(one.rejected, two.rejected);
}

}  // namespace
}  // namespace stochflow::verify
