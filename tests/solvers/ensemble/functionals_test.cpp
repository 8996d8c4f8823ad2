#include "stochflow/ensemble/functionals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/multilevel.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"

namespace stochflow {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// Brownian motion with drift: constant coefficients, for which bridges are exact.
constexpr double drift = 0.1, volatility = 0.5;
const auto motion = ito<Noise::additive>([](const auto& x, double) { return 0 * x + drift; },
                                         [](const auto&, double) { return volatility; });
const auto itself = [](const auto& x) { return x; };

void expect_mean(const Moments& found, double expected) {
  EXPECT_LT(std::abs(found.mean() - expected), 6 * found.mean_standard_error())
      << found.mean() << " for " << expected << " +- " << found.mean_standard_error();
}

/// P(max over [0, 1] of drift t + volatility W < m), m > 0.
double below(double m) {
  return normal_cdf((m - drift) / volatility) -
         std::exp(2 * drift * m / (volatility * volatility)) *
             normal_cdf((-m - drift) / volatility);
}

TEST(Functionals, AreThoseOfTheGridPoints) {
  // On a path with its points known: 1, 3, 2, at the times 0, 1, 3.
  const auto run = follow(motion,
                          EulerMaruyama{},
                          1.0,
                          0.0,
                          RunningMaximum{itself},
                          RunningMinimum{itself},
                          time_average(itself, 0, 3),
                          DiscountFactor{itself},
                          FirstPassage{.level = 2.5, .horizon = 3});
  const PrescribedIncrements<double> path(
      {(2 - drift) / volatility, (-1 - 2 * drift) / volatility});
  const std::vector<double> grid{0, 1, 3};
  const auto end = solve(run.problem, run.method, run.start, std::span(grid), path).x;
  EXPECT_NEAR(end[0], 2, 1e-14);
  EXPECT_NEAR(end[1], 3, 1e-14);
  EXPECT_NEAR(end[2], 1, 1e-14);
  EXPECT_NEAR(end[3], 7.0 / 3, 1e-14);
  EXPECT_NEAR(end[4], std::exp(-7.0), 1e-16);
  EXPECT_NEAR(end[5], 0.75, 1e-14);
}

TEST(Functionals, LeaveTheStateItsBits) {
  const EnsembleOptions options{.trajectories = 300, .seed = 4, .keep_values = true};
  const auto grid = uniform_grid(0, 1, 16);
  const Vector<double, 2> start(0.0, 0.04);
  const auto log_price = [](const auto& x) { return x[0]; };
  const auto run = follow(Heston{}, EulerMaruyama{}, start, 0, RunningMaximum{log_price});
  const auto plain = simulate_lanes(Heston{}, EulerMaruyama{}, start, grid, options);
  const auto lanes = simulate_lanes(run.problem, run.method, run.start, grid, options);
  const auto alone = simulate(run.problem, run.method, run.start, grid, options);
  EXPECT_EQ(lanes.values, alone.values);
  EXPECT_EQ(lanes.values[0][0], plain.values[0][0]);
  EXPECT_EQ(lanes.values[0][1], plain.values[0][1]);
  // The scalar state too, although it becomes an array.
  const auto gbm = follow(
      GeometricBrownianMotion{}, EulerMaruyama{}, 1.0, 0, BridgedMaximum{}, BridgedMinimum{});
  EXPECT_EQ(simulate_lanes(gbm.problem, gbm.method, gbm.start, grid, options).values,
            simulate(gbm.problem, gbm.method, gbm.start, grid, options).values);
}

TEST(Functionals, BridgesHaveTheLawOfTheContinuousPath) {
  // Three steps only, so that the grid points alone would be far off.
  constexpr double level = 0.6;
  const auto run = follow(motion,
                          EulerMaruyama{},
                          0.0,
                          0.0,
                          BridgedMaximum{},
                          BridgedMinimum{},
                          BridgedFirstPassage{.level = level, .horizon = 1},
                          SurvivalProbability{.level = level},
                          RunningMaximum{itself});
  const auto observe = [](const Vector<double, 6>& s) {
    return std::vector{s[1] < 0.3 ? 1.0 : 0.0,
                       s[1] < 1.0 ? 1.0 : 0.0,
                       s[2] > -0.5 ? 1.0 : 0.0,
                       s[3] < 1 ? 1.0 : 0.0,
                       s[4],
                       s[4] * s[0],
                       (s[1] < level ? 1.0 : 0.0) * s[0],
                       s[5] < level ? 1.0 : 0.0};
  };
  const auto r = simulate_lanes(run.problem,
                                run.method,
                                run.start,
                                uniform_grid(0, 1, 3),
                                {.trajectories = 200000, .seed = 7},
                                observe);
  const auto& m = r.moments[0];
  expect_mean(m[0], below(0.3));
  expect_mean(m[1], below(1.0));
  // The minimum is the maximum of the motion turned over.
  const double m5 = normal_cdf((0.5 + drift) / volatility) -
                    std::exp(-2 * drift * 0.5 / (volatility * volatility)) *
                        normal_cdf((-0.5 + drift) / volatility);
  expect_mean(m[2], m5);
  expect_mean(m[3], 1 - below(level));
  expect_mean(m[4], below(level));
  // The indicator and its expectation given the grid points weigh alike.
  EXPECT_LT(std::abs(m[5].mean() - m[6].mean()), 6 * m[6].mean_standard_error());
  EXPECT_LT(m[4].variance(), 0.9 * (1 - below(level)) * below(level));
  // And the grid points alone see too few passages.
  EXPECT_GT(m[7].mean(), below(level) + 30 * m[7].mean_standard_error());
}

TEST(Functionals, TimesOfFirstPassageHaveTheirDistribution) {
  const double level = 0.4;
  const auto by = [&](double t) {
    const double s = volatility * std::sqrt(t);
    return normal_cdf((drift * t - level) / s) +
           std::exp(2 * drift * level / (volatility * volatility)) *
               normal_cdf((-level - drift * t) / s);
  };
  const auto run =
      follow(motion, EulerMaruyama{}, 0.0, 0.0, BridgedFirstPassage{.level = level, .horizon = 1});
  const auto observe = [](const Vector<double, 2>& s) {
    return std::vector{s[1] <= 0.25 ? 1.0 : 0.0, s[1] <= 0.5 ? 1.0 : 0.0, s[1]};
  };
  const auto r = simulate_lanes(run.problem,
                                run.method,
                                run.start,
                                uniform_grid(0, 1, 64),
                                {.trajectories = 100000, .seed = 8},
                                observe);
  // 0.25 and 0.5 are grid points: exact there.
  expect_mean(r.moments[0][0], by(0.25));
  expect_mean(r.moments[0][1], by(0.5));
  // E min(tau, 1) = 1 - integral of P(tau <= t); within a step the time is approximate.
  double expected = 1;
  for (int i = 0; i < 10000; ++i) expected -= by((i + 0.5) / 10000) / 10000;
  EXPECT_NEAR(r.moments[0][2].mean(), expected, 6 * r.moments[0][2].mean_standard_error() + 1e-4);
}

/// A down-and-out call with the barrier below the strike, Black and Scholes's world (Merton 1973).
double down_and_out_call(double s, double strike, double barrier, double r, double sigma) {
  const auto call = [&](double spot) {
    const double d1 = (std::log(spot / strike) + r + 0.5 * sigma * sigma) / sigma;
    return spot * normal_cdf(d1) - strike * std::exp(-r) * normal_cdf(d1 - sigma);
  };
  return call(s) - std::pow(barrier / s, 2 * r / (sigma * sigma) - 1) * call(barrier * barrier / s);
}

TEST(Functionals, PriceABarrierOptionByLanesAndByMultilevel) {
  constexpr double r = 0.05, sigma = 0.2, barrier = 0.85;
  const auto log_price =
      ito<Noise::additive>([](const auto& x, double) { return 0 * x + (r - sigma * sigma / 2); },
                           [=](const auto&, double) { return sigma; });
  const auto payoff = [](const auto& s) {
    using std::exp;
    return std::exp(-r) * s[1] * positive_part(exp(s[0]) - 1.0);
  };
  const double exact = down_and_out_call(1, 1, barrier, r, sigma);
  const auto run =
      follow(log_price, EulerMaruyama{}, 0.0, 0.0, SurvivalProbability{.level = std::log(barrier)});
  const auto observe = [&](const Vector<double, 2>& s) { return std::vector{payoff(s)}; };
  const auto plain = simulate_lanes(run.problem,
                                    run.method,
                                    run.start,
                                    uniform_grid(0, 1, 4),
                                    {.trajectories = 200000, .seed = 9},
                                    observe);
  expect_mean(plain.moments[0][0], exact);
  const auto levels =
      multilevel(run.problem, run.method, run.start, 0.0, 1.0, payoff, {.rmse = 1e-3, .seed = 10});
  EXPECT_TRUE(levels.converged);
  EXPECT_NEAR(levels.estimate, exact, 6 * levels.rmse);
  for (const auto& row : levels.levels) EXPECT_LT(row.inconsistency, 1) << row.level;
}

TEST(Functionals, OfFunctionals) {
  // The largest average so far: follow what follow returned.
  const auto average = follow(motion, EulerMaruyama{}, 1.0, 0.0, time_average(itself, 0, 1));
  const auto last = [](const auto& s) { return s[1]; };
  const auto run =
      follow(average.problem, average.method, average.start, 0.0, RunningMaximum{last});
  const auto end = solve(run.problem, run.method, run.start, uniform_grid(0, 1, 8), PathId{3, 1}).x;
  EXPECT_GE(end[2], end[1]);
  EXPECT_EQ(end.size(), 3);
}

}  // namespace
}  // namespace stochflow
