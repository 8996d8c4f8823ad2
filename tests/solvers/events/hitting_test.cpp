// Events against laws known in closed form. X = mu t + sigma W reaches b > 0 first at a time that
// is inverse Gaussian: mean b / mu, shape b^2 / sigma^2.

#include "stochflow/events/hitting.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// P(not reached by t)
double survival(double b, double mu, double sigma, double t) {
  const double s = sigma * std::sqrt(t);
  return normal_cdf((b - mu * t) / s) -
         std::exp(2 * mu * b / (sigma * sigma)) * normal_cdf((-b - mu * t) / s);
}

constexpr double b = 1, mu = 1, sigma = 0.8;
const auto motion = stratonovich<Noise::additive>(
    [](const auto& x, double) { return 0.0 * x + mu; }, [](const auto&, double) { return sigma; });
const auto hits = events(terminal_event([](const auto& x, double) { return x - b; }));

// The bridge's own law: from distance d0 to d1 over a unit interval with variance s2, the time of
// the first visit has P(time > t, visited) = E[...]; at t = 1/2 it is the integral over the
// midpoint of the bridge of the probability that neither half was visited up to there. Compared by
// a sum over the midpoint.
TEST(HittingFraction, HasTheBridgesLaw) {
  const double d0 = 0.7, d1 = 0.4, s2 = 0.9;
  const auto later = [&](bool same_side) {  // P(visited, but not in the first half)
    const double end = same_side ? d1 : -d1;
    const double mean = 0.5 * (d0 + end), sd = std::sqrt(s2 / 4);
    double sum = 0;
    const int n = 20000;
    for (int k = 0; k < n; ++k) {
      const double m = (k + 0.5) * 6 / n;  // the midpoint, on the starting side
      const double density =
          std::exp(-0.5 * std::pow((m - mean) / sd, 2)) / (sd * 2.5066282746310002);
      const double first = 1 - std::exp(-2 * d0 * m / (s2 / 2));
      const double second = same_side ? std::exp(-2 * m * d1 / (s2 / 2)) : 1;
      sum += density * first * second * 6 / n;
    }
    return sum;
  };
  const RandomStream stream(3, Purpose::probe);
  const int n = 200000;
  int visited = 0, late_same = 0, late_opposite = 0;
  for (int k = 0; k < n; ++k) {
    const auto index = static_cast<std::uint64_t>(k);
    const auto z = normal_pair(stream, 0, index, 0);
    const auto u = uniform_pair(stream, 0, index, 1);
    const bool late = hitting_fraction(d0, d1, s2, z[0], u[0]) > 0.5;
    if (bridge_hits(d0, d1, s2, 1 - u[1])) ++visited, late_same += late;
    late_opposite += late;
  }
  const auto expect = [&](int count, double p) {
    EXPECT_LT(std::abs(count - n * p) / std::sqrt(n * p * (1 - p)), 5.5) << count << " of " << n;
  };
  expect(visited, std::exp(-2 * d0 * d1 / s2));
  expect(late_same, later(true));
  expect(late_opposite, later(false));
}

TEST(HittingFraction, WithoutNoiseIsTheStraightLine) {
  EXPECT_NEAR(hitting_fraction(0.3, 0.6, 0, 1.7, 0.2), 1.0 / 3, 1e-15);
  EXPECT_FALSE(bridge_hits(0.3, 0.6, 0, 1e-12));
  EXPECT_NEAR(hitting_fraction(0.3, 0, 1e-4, 1.7, 0.2), 1, 0.01);  // ends on the level
}

struct Passage {
  double mean_error, survival_error[3];  // in standard errors, over all paths
};

/// First-passage times over `paths` paths at h = 0.1: corrected, or by looking at grid points only.
template <class Run>
Passage passage(int paths, const Run& first_time) {
  const double horizon = 40;  // P(not reached) < 1e-13
  const double at[3] = {0.35, 0.8, 2.05};
  double sum = 0;
  int alive[3] = {};
  for (int k = 0; k < paths; ++k) {
    const double t = first_time(PathId{11, static_cast<std::uint64_t>(k)}, horizon);
    sum += t;
    for (int j = 0; j < 3; ++j) alive[j] += t > at[j];
  }
  const double n = paths, variance = b * sigma * sigma / (mu * mu * mu);
  Passage result{(sum / n - b / mu) / std::sqrt(variance / n), {}};
  for (int j = 0; j < 3; ++j) {
    const double p = survival(b, mu, sigma, at[j]);
    result.survival_error[j] = (alive[j] / n - p) / std::sqrt(p * (1 - p) / n);
  }
  return result;
}

// The bar of the design: right to Monte-Carlo error at h = 0.1, where looking at the ends of the
// steps is late by dozens of standard errors. 8 comparisons at 5.5.
TEST(FirstPassage, OfBrownianMotionWithDriftIsExactAtLargeSteps) {
  const int paths = 40000;
  const auto corrected = passage(paths, [](PathId id, double horizon) {
    const auto grid = uniform_grid(0, horizon, 400);
    const auto run = solve(motion, Heun{}, 0.0, grid, id, {}, hits);
    EXPECT_EQ(run.outcome.status, Status::event);
    EXPECT_EQ(run.x, b);
    EXPECT_EQ(run.events.size(), 1u);
    EXPECT_TRUE(run.events[0].rising);
    return run.t;
  });
  EXPECT_LT(std::abs(corrected.mean_error), 5.5);
  for (const double z : corrected.survival_error) EXPECT_LT(std::abs(z), 5.5);

  const auto uncorrected = passage(paths, [](PathId id, double horizon) {
    const auto grid = uniform_grid(0, horizon, 400);
    return solve(motion, Heun{}, 0.0, grid, id, {}, [](double x, double) { return x < b; }).t;
  });
  EXPECT_GT(uncorrected.mean_error, 20);
  EXPECT_GT(uncorrected.survival_error[1], 20);
}

// The same through saved points inside the steps, each of which is a place to look: the law stays.
TEST(FirstPassage, SaveTimesInsideStepsKeepTheLaw) {
  const std::vector<double> saves{0.33, 0.36, 0.52, 0.95};
  const auto corrected = passage(20000, [&](PathId id, double horizon) {
    const auto grid = uniform_grid(0, horizon, 400);
    const auto run = solve(motion, Heun{}, 0.0, grid, id, {.save_at = saves}, hits);
    for (const double x : run.states) EXPECT_LT(x, b);
    for (const double t : run.times) EXPECT_LT(t, run.t);
    return run.t;
  });
  EXPECT_LT(std::abs(corrected.mean_error), 5.5);
  for (const double z : corrected.survival_error) EXPECT_LT(std::abs(z), 5.5);
}

TEST(FirstPassage, OfAdaptiveSteps) {
  const PiController controller{.rtol = 1e-1, .atol = 1e-1, .first_step = 0.05};
  const auto corrected = passage(10000, [&](PathId id, double horizon) {
    const auto run = solve_adaptive(motion, SPaRK{}, 0.0, 0, horizon, id, controller, {}, hits);
    EXPECT_EQ(run.outcome.status, Status::event);
    return run.t;
  });
  EXPECT_LT(std::abs(corrected.mean_error), 5.5);
  for (const double z : corrected.survival_error) EXPECT_LT(std::abs(z), 5.5);
}

}  // namespace
}  // namespace stochflow
