#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/ensemble/antithetic.hpp"
#include "stochflow/ensemble/control_variates.hpp"
#include "stochflow/ensemble/functionals.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"

namespace stochflow {
namespace {

const GeometricBrownianMotion gbm{.mu = 0.05, .sigma = 0.2};

TEST(Antithetic, IsAPairOfTrajectoriesOnOpposedPaths) {
  const Vector<double, 2> x0(0.0, 0.04);
  const auto pair = antithetic(Heston{}, EulerMaruyama{}, x0);
  const auto grid = uniform_grid(0, 1, 10);
  const auto both = solve(pair.problem, pair.method, pair.start, grid, PathId{1, 7}).x;
  const auto path = brownian_path(Heston{}, x0, 0, 1, 7);
  std::vector<Vector<double, 2>> opposed;
  for (int n = 0; n < 10; ++n) opposed.push_back(-path.increment({n, 0.1 * n, 0.1}).W);
  const auto one = solve(Heston{}, EulerMaruyama{}, x0, grid, PathId{1, 7}).x;
  const auto other =
      solve(Heston{}, EulerMaruyama{}, x0, grid, PrescribedIncrements<Vector<double, 2>>(opposed))
          .x;
  EXPECT_EQ(both[0], one[0]);
  EXPECT_EQ(both[1], one[1]);
  EXPECT_NEAR(both[2], other[0], 1e-14);
  EXPECT_NEAR(both[3], other[1], 1e-14);
}

TEST(Antithetic, RunsInLanesAndVariesLess) {
  const auto pair = antithetic(gbm, SRIW1{}, 1.0);
  const auto grid = uniform_grid(0, 1, 8);
  const auto call = [](const auto& s) { return std::exp(-0.05) * positive_part(s - 1.0); };
  const auto average = pair.pair_average(call);
  const EnsembleOptions options{.trajectories = 50000, .seed = 2};
  const auto observe = [&](const Vector<double, 2>& s) { return std::vector{average(s)}; };
  const auto lanes = simulate_lanes(pair.problem, pair.method, pair.start, grid, options, observe);
  const auto plain = simulate_lanes(
      gbm, SRIW1{}, 1.0, grid, options, [&](double s) { return std::vector{call(s)}; });
  const Moments& paired = lanes.moments[0][0];
  // d1 = 0.35, d2 = 0.15
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  const double exact = cdf(0.35) - std::exp(-0.05) * cdf(0.15);
  EXPECT_LT(std::abs(paired.mean() - exact), 6 * paired.mean_standard_error() + 1e-5);
  // Less than half is what makes up for running two.
  EXPECT_LT(paired.variance(), 0.35 * plain.moments[0][0].variance());
  EXPECT_EQ(
      paired.mean(),
      simulate(pair.problem, pair.method, pair.start, grid, options, observe).moments[0][0].mean());
}

TEST(ControlVariates, AsianOptionAgainstTheGeometricAverage) {
  // Averages by the trapezoidal rule over 16 steps. In logarithms the scheme is exact, so the
  // geometric average is log-normal with the moments of a weighted sum of the normal increments.
  constexpr double r = 0.05, sigma = 0.2;
  constexpr int n = 16;
  const auto log_price =
      ito<Noise::additive>([](const auto& x, double) { return 0 * x + (r - sigma * sigma / 2); },
                           [=](const auto&, double) { return sigma; });
  const auto price = [](const auto& x) {
    using std::exp;
    return exp(x);
  };
  const auto itself = [](const auto& x) { return x; };
  const auto run = follow(
      log_price, EulerMaruyama{}, 0.0, 0.0, time_average(price, 0, 1), time_average(itself, 0, 1));
  const double mean = (r - sigma * sigma / 2) / 2;
  double variance = 0;
  for (int k = 0; k < n; ++k) {
    const double weight = (n - k - 0.5) / n;  // of increment k in the average
    variance += sigma * sigma / n * weight * weight;
  }
  const double s = std::sqrt(variance), d2 = mean / s, d1 = d2 + s;
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  const double geometric = std::exp(mean + variance / 2) * cdf(d1) - cdf(d2);

  const auto observe = [](const Vector<double, 3>& x) {
    return std::vector{positive_part(x[1] - 1), positive_part(std::exp(x[2]) - 1), std::exp(x[0])};
  };
  const std::vector known{geometric, std::exp(r)};
  const auto grid = uniform_grid(0, 1, n);
  const auto controlled = [&](std::uint64_t seed, std::int64_t trajectories) {
    return controlled_mean_lanes(run.problem,
                                 run.method,
                                 run.start,
                                 grid,
                                 {.trajectories = trajectories, .seed = seed},
                                 observe,
                                 known);
  };
  const auto one = controlled(1, 20000), two = controlled(2, 20000);
  EXPECT_GT(one.plain_variance / one.variance, 300);
  EXPECT_NEAR(one.coefficients[0], 1, 0.1);
  EXPECT_LT(std::abs(one.mean - two.mean), 6 * std::hypot(one.standard_error, two.standard_error));
  // And plain Monte Carlo agrees.
  const auto plain = simulate_lanes(
      run.problem, run.method, run.start, grid, {.trajectories = 400000, .seed = 3}, observe);
  const Moments& m = plain.moments[0][0];
  EXPECT_LT(std::abs(m.mean() - one.mean), 6 * m.mean_standard_error());
  EXPECT_LT(std::abs(plain.moments[0][1].mean() - geometric),
            6 * plain.moments[0][1].mean_standard_error());
  // One by one the same bits.
  const auto alone = controlled_mean(
      run.problem, run.method, run.start, grid, {.trajectories = 300, .seed = 1}, observe, known);
  EXPECT_EQ(alone.mean, controlled(1, 300).mean);
}

TEST(ControlVariates, HaveNoBiasHoweverFewTrajectories) {
  // Eight trajectories a run, a pilot of eight: coefficients from the same trajectories would show.
  const auto grid = uniform_grid(0, 1, 1);
  const auto motion = ito<Noise::additive>([](const auto& x, double) { return 0 * x; },
                                           [](const auto&, double) { return 1.0; });
  const auto observe = [](double x) { return std::vector{x * x * x * x, x * x}; };
  Moments means;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    means.add(controlled_mean(motion,
                              EulerMaruyama{},
                              0.0,
                              grid,
                              {.trajectories = 8, .seed = seed, .threads = 1},
                              observe,
                              {1.0},
                              8)
                  .mean);
  }
  EXPECT_LT(std::abs(means.mean() - 3), 6 * means.mean_standard_error());
}

TEST(ControlVariates, SayWhatTheyExpect) {
  const auto grid = uniform_grid(0, 1, 1);
  EXPECT_THROW(
      controlled_mean(
          gbm, EulerMaruyama{}, 1.0, grid, {}, [](double x) { return std::vector{x}; }, {1.0}),
      std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
