// The extrapolated mean against moments in closed form. For geometric Brownian motion the mean of a
// method's result is R(h)^n x0 with a known R, so that the bias which is left is known as well.
// Eight comparisons at 6 standard errors: a false alarm once in 60 million.

#include "stochflow/ensemble/extrapolation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"

namespace stochflow {
namespace {

const GeometricBrownianMotion gbm{.mu = 0.75, .sigma = 0.5};
constexpr std::int64_t steps = 4;

double euler_mean(std::int64_t n) {
  return std::pow(1 + gbm.mu / static_cast<double>(n), static_cast<double>(n));
}
double second_order_mean(std::int64_t n) {
  const double mh = gbm.mu / static_cast<double>(n);
  return std::pow(1 + mh + mh * mh / 2, static_cast<double>(n));
}

void expect_mean(const Moments& moments, double expected) {
  EXPECT_LT(std::abs(moments.mean() - expected), 6 * moments.mean_standard_error())
      << moments.mean() << " +- " << moments.mean_standard_error() << ", expected " << expected;
}

TEST(Extrapolation, OnACommonPath) {
  const auto result = extrapolated_mean(
      gbm, EulerMaruyama{}, 1.0, 0, 1, steps, {.trajectories = 200000, .seed = 1});
  EXPECT_EQ(result.failures, 0);
  expect_mean(result.coarse[0], euler_mean(steps));
  expect_mean(result.fine[0], euler_mean(2 * steps));
  expect_mean(result.extrapolated[0], 2 * euler_mean(2 * steps) - euler_mean(steps));
  // One path for both: the variance is near that of a single run, not five times as large.
  EXPECT_LT(result.extrapolated[0].variance(), 1.6 * result.fine[0].variance());
  // What is left of the bias is less than a third of the fine run's.
  const double exact = std::exp(gbm.mu);
  EXPECT_LT(std::abs(2 * euler_mean(2 * steps) - euler_mean(steps) - exact),
            std::abs(euler_mean(2 * steps) - exact) / 3);
}

TEST(Extrapolation, OfWeakMethodsWithIndependentRuns) {
  const auto first = extrapolated_mean(
      gbm, SimplifiedEuler{}, 1.0, 0, 1, steps, {.trajectories = 200000, .seed = 2});
  expect_mean(first.extrapolated[0], 2 * euler_mean(2 * steps) - euler_mean(steps));
  EXPECT_NEAR(first.extrapolated[0].variance(),
              4 * first.fine[0].variance() + first.coarse[0].variance(),
              0.1 * first.extrapolated[0].variance());
  const auto second =
      extrapolated_mean(gbm, RI6{}, 1.0, 0, 1, steps, {.trajectories = 200000, .seed = 3});
  expect_mean(second.extrapolated[0],
              (4 * second_order_mean(2 * steps) - second_order_mean(steps)) / 3);
}

TEST(Extrapolation, ObservablesThreadsAndMisuse) {
  const auto squares = [](double x) { return std::vector<double>{x, x * x}; };
  const ExtrapolationOptions one{.trajectories = 3000, .seed = 4, .threads = 1};
  const ExtrapolationOptions three{.trajectories = 3000, .seed = 4, .threads = 3};
  const auto a = extrapolated_mean(gbm, EulerMaruyama{}, 1.0, 0, 1, steps, one, squares);
  const auto b = extrapolated_mean(gbm, EulerMaruyama{}, 1.0, 0, 1, steps, three, squares);
  ASSERT_EQ(a.extrapolated.size(), 2u);
  EXPECT_EQ(a.extrapolated[1].mean(), b.extrapolated[1].mean());
  EXPECT_EQ(a.extrapolated[1].variance(), b.extrapolated[1].variance());
  EXPECT_THROW(extrapolated_mean(gbm, EulerMaruyama{}, 1.0, 0, 1, steps, {.trajectories = 1}),
               std::invalid_argument);
  EXPECT_THROW(extrapolated_mean(gbm, EulerMaruyama{}, 1.0, 0, 1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
