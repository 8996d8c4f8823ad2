#include "stochflow/ensemble/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

namespace stochflow {
namespace {

TEST(Moments, AgreeWithTheTwoPassFormulas) {
  const std::vector<double> values{3.0, -1.5, 2.25, 8.0, 1e3, 0.125, -7.0};
  Moments one_by_one, left, right;
  for (std::size_t k = 0; k < values.size(); ++k) {
    one_by_one.add(values[k]);
    (k < 3 ? left : right).add(values[k]);
  }
  left.merge(right);
  const double n = static_cast<double>(values.size());
  double mean = 0, m2 = 0, m4 = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) m2 += std::pow(v - mean, 2), m4 += std::pow(v - mean, 4);
  for (const Moments& m : {one_by_one, left}) {
    EXPECT_EQ(m.count(), 7);
    EXPECT_NEAR(m.mean(), mean, 1e-12 * std::abs(mean));
    EXPECT_NEAR(m.variance(), m2 / (n - 1), 1e-12 * m2);
    const double se = std::sqrt((m4 / n - m2 * m2 / (n * n)) / n);
    EXPECT_NEAR(m.variance_standard_error(), se, 1e-12 * se);
  }
  EXPECT_TRUE(std::isnan(Moments().mean()));
}

EnsembleResult run(int threads, std::int64_t trajectories) {
  return simulate(GeometricBrownianMotion{},
                  Milstein{},
                  Vector<double, 2>(1.0, 2.0),
                  uniform_grid(0, 1, 10),
                  {.trajectories = trajectories,
                   .seed = 6,
                   .threads = threads,
                   .save_at = {0.25, 1.0},
                   .keep_values = true});
}

TEST(Simulate, IsBitIdenticalForAnyNumberOfThreads) {
  const auto one = run(1, 1000), three = run(3, 1000);
  EXPECT_EQ(one.values, three.values);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(one.moments[i][j].mean(), three.moments[i][j].mean());
      EXPECT_EQ(one.moments[i][j].variance(), three.moments[i][j].variance());
    }
  }
}

TEST(Simulate, QuantilesInBoundedMemoryAreThoseOfTheValues) {
  EnsembleOptions options{.trajectories = 20000,
                          .seed = 6,
                          .threads = 1,
                          .save_at = {0.25, 1.0},
                          .keep_values = true,
                          .quantile_buffer = 128};
  const auto simulated = [&] {
    return simulate_lanes(
        OrnsteinUhlenbeck{}, EulerMaruyama{}, 0.5, uniform_grid(0, 1, 4), options);
  };
  const auto one = simulated();
  options.threads = 3;
  EXPECT_EQ(simulated().quantiles[1][0].members(), one.quantiles[1][0].members());
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<double> values = one.values[i][0];
    std::sort(values.begin(), values.end());
    const QuantileSketch& sketch = one.quantiles[i][0];
    EXPECT_EQ(sketch.count(), 20000);
    EXPECT_LT(sketch.memory(), 20000U / 10);
    EXPECT_LT(sketch.rank_error(), 0.02);
    for (const double q : {0.05, 0.5, 0.95}) {
      const auto rank = std::lower_bound(values.begin(), values.end(), sketch.quantile(q));
      const auto below = static_cast<double>(rank - values.begin()) / 20000;
      EXPECT_NEAR(below, q, sketch.rank_error() + 1e-4);
    }
  }
}

TEST(Simulate, TrajectoryKIsTheSameInAnyEnsemble) {
  const auto small = run(2, 300), large = run(2, 1000);
  for (std::size_t k = 0; k < 300; ++k) {
    EXPECT_EQ(small.values[1][0][k], large.values[1][0][k]);
  }
  const auto alone = solve(GeometricBrownianMotion{},
                           Milstein{},
                           Vector<double, 2>(1.0, 2.0),
                           uniform_grid(0, 1, 10),
                           PathId{6, 299});
  EXPECT_EQ(alone.x[1], small.values[1][1][299]);
}

TEST(Simulate, OneFailureDoesNotStopTheOthers) {
  // Explodes when the first increment is large, in a few of a thousand trajectories.
  const auto sde = ito<Noise::additive>([](double x, double) { return x > 2.5 ? INFINITY : 0.0; },
                                        [](double, double) { return 1.0; });
  const auto result = simulate(sde,
                               EulerMaruyama{},
                               0.0,
                               uniform_grid(0, 2, 2),
                               {.trajectories = 1000, .seed = 1, .keep_values = true});
  EXPECT_GT(result.failures, 0);
  EXPECT_LT(result.failures, 50);
  EXPECT_EQ(result.moments[0][0].count() + result.failures, 1000);
  EXPECT_EQ(static_cast<std::int64_t>(result.values[0][0].size()), result.moments[0][0].count());
  EXPECT_EQ(result.first_failures.front().outcome.status, Status::not_finite);
}

TEST(Simulate, ExceptionsOfTheProblemReachTheCaller) {
  const auto sde = ito<Noise::additive>(
      [](double, double) -> double { throw std::runtime_error("from the drift"); },
      [](double, double) { return 1.0; });
  EXPECT_THROW(
      simulate(
          sde, EulerMaruyama{}, 0.0, uniform_grid(0, 1, 2), {.trajectories = 1000, .threads = 2}),
      std::runtime_error);
  EXPECT_THROW(simulate(sde, EulerMaruyama{}, 0.0, uniform_grid(0, 1, 2), {.trajectories = 0}),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
