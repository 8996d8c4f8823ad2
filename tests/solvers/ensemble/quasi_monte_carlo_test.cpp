#include "stochflow/ensemble/quasi_monte_carlo.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/ensemble/antithetic.hpp"
#include "stochflow/ensemble/functionals.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/heston_call.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

constexpr double r = 0.05, sigma = 0.2;
const auto log_price =
    ito<Noise::additive>([](const auto& x, double) { return 0 * x + (r - sigma * sigma / 2); },
                         [](const auto&, double) { return sigma; });
double cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
/// At strike 1, a year.
double black_scholes(double s) {
  const double d1 = (std::log(s) + r + 0.5 * sigma * sigma) / sigma;
  return s * cdf(d1) - std::exp(-r) * cdf(d1 - sigma);
}

void expect_within(const QuasiResult& found, double exact, double bias = 0) {
  // 16 scramblings: Student's distribution, 6 normal standard errors are 10.6 of its.
  EXPECT_NEAR(found.estimate, exact, 10.6 * found.standard_error + bias);
  EXPECT_EQ(found.failures, 0);
}
/// The work of plain sampling for the same standard error over that which was spent.
double gain(const QuasiResult& found) {
  return found.variance / (found.standard_error * found.standard_error) /
         static_cast<double>(found.trajectories);
}

TEST(QuasiMonteCarlo, PricesACallAThousandTimesFasterThanSampling) {
  // 16 steps, exact in logarithms; through the bridge the payoff sees one dimension only.
  const auto payoff = [](const auto& x) {
    using std::exp;
    return std::exp(-r) * positive_part(exp(x) - 1.0);
  };
  const auto grid = uniform_grid(0, 1, 16);
  const auto q = quasi_monte_carlo(log_price, EulerMaruyama{}, 0.0, grid, payoff, {.seed = 1});
  expect_within(q, black_scholes(1));
  EXPECT_GT(gain(q), 1000);
  EXPECT_EQ(q.dimensions, 16u);
  EXPECT_EQ(q.trajectories, 65536);
}

TEST(QuasiMonteCarlo, GivesTheMomentsOfTheScheme) {
  const OrnsteinUhlenbeck ou;
  const int n = 32;
  const double a = 1 - ou.theta / n, a_n = std::pow(a, n);
  const double mean = ou.mu + (2 - ou.mu) * a_n;
  const double variance = ou.sigma * ou.sigma / n * (1 - a_n * a_n) / (1 - a * a);
  const auto grid = uniform_grid(0, 1, n);
  const auto square = [](const auto& x) { return x * x; };
  const auto q = quasi_monte_carlo(ou, EulerMaruyama{}, 2.0, grid, square, {.seed = 2});
  expect_within(q, mean * mean + variance);
  EXPECT_GT(gain(q), 100);
}

TEST(QuasiMonteCarlo, PricesTheHestonCall) {
  const Heston model;
  const auto payoff = [&](const auto& x) {
    using std::exp;
    return std::exp(-model.r) * positive_part(exp(x[0]) - 1.0);
  };
  const Vector<double, 2> start(0.0, 0.04);
  const auto q = quasi_monte_carlo(
      model, EulerMaruyama{}, start, uniform_grid(0, 1, 64), payoff, {.points = 1024, .seed = 3});
  // Euler-Maruyama's bias is of order 1/steps: 2e-4 at 8 steps (docs/ensembles.md).
  expect_within(q, heston_call(model, 1.0, 0.04, 1.0, 1.0), 6e-5);
  EXPECT_GT(gain(q), 8);
  EXPECT_EQ(q.dimensions, 128u);
}

TEST(QuasiMonteCarlo, TakesAreasAndFunctionalsAndPairs) {
  const auto grid = uniform_grid(0, 1, 16);
  // SRIW1 needs (W, H); geometric Brownian motion to order 1.5.
  const GeometricBrownianMotion gbm{.mu = r, .sigma = sigma};
  const auto call = [](const auto& s) { return std::exp(-r) * positive_part(s - 1.0); };
  const auto q = quasi_monte_carlo(gbm, SRIW1{}, 1.0, grid, call, {.points = 1024, .seed = 4});
  expect_within(q, black_scholes(1), 2e-5);
  EXPECT_EQ(q.dimensions, 32u);
  EXPECT_GT(gain(q), 50);

  const double barrier = 0.85;
  const auto run =
      follow(log_price, EulerMaruyama{}, 0.0, 0.0, SurvivalProbability{.level = std::log(barrier)});
  const auto knock_out = [](const auto& s) {
    using std::exp;
    return std::exp(-r) * s[1] * positive_part(exp(s[0]) - 1.0);
  };
  const double exact = black_scholes(1) - std::pow(barrier, 2 * r / (sigma * sigma) - 1) *
                                              black_scholes(barrier * barrier);
  const auto b = quasi_monte_carlo(
      run.problem, run.method, run.start, grid, knock_out, {.points = 1024, .seed = 5});
  expect_within(b, exact);
  EXPECT_GT(gain(b), 10);

  const auto pair = antithetic(log_price, EulerMaruyama{}, 0.0);
  const auto exp_call = [](const auto& x) {
    using std::exp;
    return std::exp(-r) * positive_part(exp(x) - 1.0);
  };
  expect_within(quasi_monte_carlo(pair.problem,
                                  pair.method,
                                  pair.start,
                                  grid,
                                  pair.pair_average(exp_call),
                                  {.points = 256, .seed = 6}),
                black_scholes(1));
}

TEST(QuasiMonteCarlo, PricesAnAsianOptionBesideItsGeometricTwin) {
  // The geometric average is log-normal, and the difference of the two payoffs is small.
  constexpr int n = 16;
  const auto price = [](const auto& x) {
    using std::exp;
    return exp(x);
  };
  const auto itself = [](const auto& x) { return x; };
  const auto run = follow(
      log_price, EulerMaruyama{}, 0.0, 0.0, time_average(price, 0, 1), time_average(itself, 0, 1));
  const double mean = (r - sigma * sigma / 2) / 2;
  double variance = 0;
  for (int k = 0; k < n; ++k) variance += std::pow(sigma * (n - k - 0.5) / n, 2) / n;
  const double s = std::sqrt(variance), d2 = mean / s;
  const double geometric = std::exp(mean + variance / 2) * cdf(d2 + s) - cdf(d2);
  const auto grid = uniform_grid(0, 1, n);
  const auto q = [&](const auto& payoff) {
    return quasi_monte_carlo(run.problem, run.method, run.start, grid, payoff, {.seed = 7});
  };
  const auto of_geometric = q([](const auto& x) {
    using std::exp;
    return positive_part(exp(x[2]) - 1.0);
  });
  const auto of_arithmetic = q([](const auto& x) { return positive_part(x[1] - 1.0); });
  const auto of_difference = q([](const auto& x) {
    using std::exp;
    return positive_part(x[1] - 1.0) - positive_part(exp(x[2]) - 1.0);
  });
  expect_within(of_geometric, geometric);
  expect_within(
      of_arithmetic, geometric + of_difference.estimate, 10.6 * of_difference.standard_error);
  EXPECT_GT(gain(of_arithmetic), 100);
  EXPECT_LT(of_difference.standard_error, 0.5 * of_arithmetic.standard_error);
}

TEST(QuasiMonteCarlo, HasIntervalsThatHold) {
  const auto grid = uniform_grid(0, 1, 4);
  const auto payoff = [](const auto& x) {
    using std::exp;
    return std::exp(-r) * positive_part(exp(x) - 1.0);
  };
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto q = quasi_monte_carlo(log_price,
                                     EulerMaruyama{},
                                     0.0,
                                     grid,
                                     payoff,
                                     {.points = 64, .scramblings = 8, .seed = seed});
    if (std::abs(q.estimate - black_scholes(1)) < q.interval) ++inside;
  }
  // 190 expected, with a standard deviation of 3.
  EXPECT_GT(inside, 172);
}

TEST(QuasiMonteCarlo, RunsThePathsOfTheSolverWithTheSameBitsForAnyThreads) {
  const Heston model;
  const Vector<double, 2> start(0.0, 0.04);
  const auto grid = uniform_grid(0, 1, 10);
  const auto first = [](const auto& x) { return x[0]; };
  const auto run = [&](int threads) {
    return quasi_monte_carlo(model,
                             EulerMaruyama{},
                             start,
                             grid,
                             first,
                             {.points = 1024, .scramblings = 3, .seed = 8, .threads = threads});
  };
  const auto one = run(1), three = run(3);
  EXPECT_EQ(one.scramblings, three.scramblings);
  EXPECT_EQ(one.variance, three.variance);
  const SobolPaths<Vector<double, 2>> paths(grid, 8);
  Moments leaves;
  for (std::uint32_t leaf = 0; leaf < 1024; leaf += 256) {
    std::vector<double> values;
    for (std::uint32_t k = leaf; k < leaf + 256; ++k) {
      values.push_back(
          solve(model, EulerMaruyama{}, start, std::span(grid), paths.path(2, k)).x[0]);
    }
    leaves.merge(Moments::of(values));
  }
  EXPECT_NEAR(leaves.mean(), one.scramblings[2], 1e-15);
}

TEST(QuasiMonteCarlo, SaysWhatOptionsItExpects) {
  const auto grid = uniform_grid(0, 1, 4);
  const auto itself = [](const auto& x) { return x; };
  EXPECT_THROW(quasi_monte_carlo(log_price, EulerMaruyama{}, 0.0, grid, itself, {.points = 1000}),
               std::invalid_argument);
  EXPECT_THROW(
      quasi_monte_carlo(log_price, EulerMaruyama{}, 0.0, uniform_grid(0, 1, 4000), itself, {}),
      std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
