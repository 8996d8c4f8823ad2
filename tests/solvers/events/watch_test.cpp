// Events in runs: direction, order, states, several noises, bent levels, ensembles.

#include <gtest/gtest.h>

#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using X2 = Vector<double, 2>;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

const auto still = ito<Noise::additive>([](const auto& x, double) { return 0.0 * x; },
                                        [](const auto&, double) { return 1.0; });

// A path without noise crosses where the line between two grid points does.
TEST(Events, WithoutNoiseAreListedWhereTheyAre) {
  const auto rising_line = ito<Noise::additive>([](const auto& x, double) { return 0.0 * x + 1; },
                                                [](const auto&, double) { return 0.0; });
  const auto level = [](double b) { return [b](const auto& x, double) { return x - b; }; };
  const auto list = events(noted_event(level(0.75), Crossing::rising),
                           noted_event(level(0.77), Crossing::falling),
                           noted_event(level(0.72)),
                           noted_event([](const auto& x, double t) { return 1.1 - t - 0.0 * x; }),
                           terminal_event(level(1.45)));
  const auto run =
      solve(rising_line, EulerMaruyama{}, 0.0, uniform_grid(0, 2, 10), PathId{}, {}, list);
  ASSERT_EQ(run.events.size(), 4u);
  const std::size_t which[4] = {2, 0, 3, 4};
  const double times[4] = {0.72, 0.75, 1.1, 1.45};
  for (int k = 0; k < 4; ++k) {
    EXPECT_EQ(run.events[k].event, which[k]);
    EXPECT_NEAR(run.events[k].t, times[k], 1e-15);
    EXPECT_NEAR(run.events[k].x, times[k], 1e-15);
    EXPECT_EQ(run.events[k].rising, k != 2);
  }
  EXPECT_EQ(run.outcome.status, Status::event);
  EXPECT_NE(run.outcome.message().find("ended by an event at t = 1.45"), std::string::npos);
  EXPECT_EQ(run.t, run.events.back().t);
  EXPECT_EQ(run.outcome.step, 7);
}

TEST(Events, NotedOnesChangeNothing) {
  const GeometricBrownianMotion gbm;
  const auto grid = uniform_grid(0, 1, 32);
  const auto seen = events(noted_event([](const auto& x, double) { return x - 1.02; }));
  int count = 0;
  for (std::uint64_t k = 0; k < 20; ++k) {
    const auto plain = solve(gbm, Milstein{}, 1.0, grid, PathId{2, k});
    const auto run = solve(gbm, Milstein{}, 1.0, grid, PathId{2, k}, {}, seen);
    EXPECT_EQ(plain.x, run.x);
    EXPECT_TRUE(run.outcome.ok());
    for (std::size_t j = 0; j < run.events.size(); ++j) {
      EXPECT_EQ(run.events[j].x, 1.02);
      if (j > 0) {
        EXPECT_GE(run.events[j].t, run.events[j - 1].t);
      }
    }
    count += static_cast<int>(run.events.size());
  }
  EXPECT_GT(count, 20);
}

// Two correlated Brownian motions over one step of length 1: the level x1 + x2 = 1 is reached with
// the probability of the reflection principle, and where it is reached the direction along the
// level is free: x1 - x2 has the variance of its own noise up to that time. 3 comparisons.
TEST(Events, SeveralNoisesAreBridgedAcrossTheLevel) {
  const auto sde = ito<Noise::commutative>([](const auto& x, double) { return x * 0.0; },
                                           [](const auto& x, double) {
                                             using T = typename std::decay_t<decltype(x)>::Scalar;
                                             Matrix<T, 2> g;
                                             g << T(0.8), T(0.1), T(0.3), T(0.5);
                                             return g;
                                           });
  const auto sum_reaches =
      events(terminal_event([](const auto& x, double) { return x[0] + x[1] - 1.0; }));
  // x1 + x2 = v.W, v = (1.1, 0.6); the part of x1 - x2 = u.W, u = (0.5, -0.4), across v
  const double v2 = 1.1 * 1.1 + 0.6 * 0.6, uv = 0.5 * 1.1 - 0.4 * 0.6, u2 = 0.5 * 0.5 + 0.4 * 0.4;
  const double across = u2 - uv * uv / v2;
  const int n = 100000;
  int reached = 0;
  double scaled = 0, early = 0;
  for (int k = 0; k < n; ++k) {
    const PathId id{6, static_cast<std::uint64_t>(k)};
    const auto run =
        solve(sde, EulerMaruyama{}, X2(0, 0), uniform_grid(0, 1, 1), id, {}, sum_reaches);
    if (run.outcome.status != Status::event) continue;
    ++reached;
    EXPECT_NEAR(run.x[0] + run.x[1], 1, 1e-14);
    const double rest = run.x[0] - run.x[1] - uv / v2 * 1.0;
    scaled += rest * rest / (across * run.t);
    early += run.t < 0.5;
  }
  const double p = 2 * normal_cdf(-1 / std::sqrt(v2)),
               half = 2 * normal_cdf(-1 / std::sqrt(v2 / 2));
  EXPECT_LT(std::abs(reached - n * p) / std::sqrt(n * p * (1 - p)), 5.5);
  EXPECT_LT(std::abs(scaled - reached) / std::sqrt(2.0 * reached), 5.5);
  EXPECT_LT(std::abs(early - n * half) / std::sqrt(n * half * (1 - half)), 5.5);
}

// A bent level: the state reported lies on it to rounding.
TEST(Events, StatesLieOnBentLevels) {
  const auto circle = events(terminal_event(
      [](const auto& x, double t) { return x[0] * x[0] + x[1] * x[1] - (1.0 + 0.1 * t); }));
  int ended = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    const auto run =
        solve(still, EulerMaruyama{}, X2(0, 0), uniform_grid(0, 4, 100), PathId{8, k}, {}, circle);
    if (run.outcome.status != Status::event) continue;
    ++ended;
    EXPECT_NEAR(run.x.square().sum(), 1 + 0.1 * run.t, 1e-12);
    EXPECT_EQ(run.events.size(), 1u);
  }
  EXPECT_GT(ended, 150);
}

// Brownian motion from 0 between -1/2 and 1, where the first exit is at 1 with probability 1/3 and
// after 1/2 on average. The step is small against the distance, so that both ends are hardly ever
// in reach of one step. Counts and moments do not depend on the number of threads.
TEST(Events, EnsemblesCountEnds) {
  const auto exits = events(terminal_event([](const auto& x, double) { return x - 1.0; }),
                            terminal_event([](const auto& x, double) { return x + 0.5; }),
                            noted_event([](const auto& x, double) { return x - 0.5; }));
  EnsembleOptions options{.trajectories = 20000, .seed = 5, .threads = 1, .save_at = {0.2, 12}};
  const auto grid = uniform_grid(0, 12, 600);
  const auto one = simulate(still, EulerMaruyama{}, 0.0, grid, options, exits);
  ASSERT_EQ(one.ends.size(), 3u);
  const double n = 20000, at_top = static_cast<double>(one.ends[0].count());
  EXPECT_EQ(one.failures, 0);
  EXPECT_EQ(one.ends[0].count() + one.ends[1].count() + one.moments[1][0].count(), 20000);
  EXPECT_LE(one.moments[1][0].count(), 2);  // P(inside after 12) = 1.4e-11 * 4/pi
  EXPECT_LT(std::abs(at_top - n / 3) / std::sqrt(n * 2 / 9), 5.5);
  const double mean = (at_top * one.ends[0].mean() +
                       static_cast<double>(one.ends[1].count()) * one.ends[1].mean()) /
                      n;
  const double variance = 0.5 * (1 + 0.25) / 3;  // ab (a^2 + b^2) / 3
  EXPECT_LT(std::abs(mean - 0.5) / std::sqrt(variance / n), 5.5);
  EXPECT_EQ(one.ends[2].count(), 0);
  EXPECT_GT(one.noted[2].count(), one.ends[0].count());

  options.threads = 3;
  const auto three = simulate(still, EulerMaruyama{}, 0.0, grid, options, exits);
  EXPECT_EQ(three.ends[0].count(), one.ends[0].count());
  EXPECT_EQ(three.ends[1].mean(), one.ends[1].mean());
  EXPECT_EQ(three.moments[0][0].mean(), one.moments[0][0].mean());
}

}  // namespace
}  // namespace stochflow
