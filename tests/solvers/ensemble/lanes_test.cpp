#include "stochflow/ensemble/lanes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "solvers/ensemble/lanes_are_trajectories.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"

namespace stochflow {
namespace {

using testing::expect_equal;
using testing::expect_lanes_are_trajectories;

TEST(Lanes, AreTheTrajectoriesOfSimulateToTheBit) {
  const Vector<double, 2> heston(0.0, 0.04);
  const Vector<double, 3> lorenz(1.0, 2.0, 20.0);
  expect_lanes_are_trajectories(GeometricBrownianMotion{}, EulerMaruyama{}, 1.0);
  expect_lanes_are_trajectories(GeometricBrownianMotion{}, SRIW1{}, Vector<double, 2>(1.0, 2.0));
  expect_lanes_are_trajectories(GeometricBrownianMotion{}, MilsteinDerivativeFree{}, 1.0);
  expect_lanes_are_trajectories(OrnsteinUhlenbeck{}, SimplifiedEuler{}, 1.0);
  expect_lanes_are_trajectories(Heston{}, EulerMaruyama{}, heston);
  expect_lanes_are_trajectories(StochasticLorenz{}, EulerMaruyama{}, lorenz);
  expect_lanes_are_trajectories(
      StochasticLorenz{}, EulerMaruyama{}, Vector<float, 3>(1.0f, 2.0f, 20.0f));
  expect_lanes_are_trajectories(StochasticLorenz{}, SimplifiedEuler{}, lorenz);
  expect_lanes_are_trajectories(GeometricBrownianMotion{}, RI6{}, 1.0);
  expect_lanes_are_trajectories(GeometricBrownianMotion{}, Milstein{}, Vector<double, 2>(1.0, 2.0));
}

TEST(Lanes, GiveTheSameBitsForAnyNumberOfThreads) {
  const auto run = [](int threads) {
    return simulate_lanes(Heston{},
                          EulerMaruyama{},
                          Vector<double, 2>(0.0, 0.04),
                          uniform_grid(0, 1, 10),
                          {.trajectories = 3000, .seed = 2, .threads = threads});
  };
  expect_equal(run(1), run(3));
}

TEST(Lanes, ReportTrajectoriesThatCeaseToBeFinite) {
  // dX = X^3 dt + dW explodes under Euler-Maruyama for some paths and not for others.
  const auto problem = ito<Noise::additive>([](const auto& x, double) { return x * x * x; },
                                            [](const auto&, double) { return 1.0; });
  const EnsembleOptions options{.trajectories = 2000, .seed = 4, .keep_values = true};
  const auto grid = uniform_grid(0, 1.5, 30);
  const auto lanes = simulate_lanes(problem, EulerMaruyama{}, 0.0, grid, options);
  EXPECT_GT(lanes.failures, 10);
  EXPECT_LT(lanes.failures, 1990);
  expect_equal(lanes, simulate(problem, EulerMaruyama{}, 0.0, grid, options));
}

TEST(Lanes, RunInSinglePrecision) {
  const OrnsteinUhlenbeck problem;
  const auto grid = uniform_grid(0, 1, 64);
  const EnsembleOptions options{.trajectories = 200000, .seed = 5};
  const auto run = simulate_lanes(problem, EulerMaruyama{}, 1.0f, grid, options);
  const Moments& end = run.moments[0][0];
  // Euler-Maruyama's own mean and variance: x' = a x + b + sigma W, a = 1 - theta h.
  const double h = 1.0 / 64, a = 1 - problem.theta * h, a64 = std::pow(a, 64);
  const double mean = problem.mu + (1 - problem.mu) * a64;
  const double variance = problem.sigma * problem.sigma * h * (1 - a64 * a64) / (1 - a * a);
  EXPECT_LT(std::abs(end.mean() - mean), 6 * end.mean_standard_error());
  EXPECT_LT(std::abs(end.variance() - variance), 6 * end.variance_standard_error());
}

TEST(Lanes, ObserveWhatIsAskedFor) {
  const auto price = [](const Vector<double, 2>& x) { return std::vector{std::exp(x[0])}; };
  const EnsembleOptions options{.trajectories = 500, .seed = 3};
  const auto grid = uniform_grid(0, 1, 8);
  const Vector<double, 2> x0(0.0, 0.04);
  const auto lanes = simulate_lanes(Heston{}, EulerMaruyama{}, x0, grid, options, price);
  expect_equal(lanes, simulate(Heston{}, EulerMaruyama{}, x0, grid, options, price));
  const auto in_array = [](const Vector<double, 2>& x) { return std::array{std::exp(x[0])}; };
  expect_equal(lanes, simulate_lanes(Heston{}, EulerMaruyama{}, x0, grid, options, in_array));
}

TEST(Lanes, RefuseSaveTimesBetweenGridPoints) {
  const auto grid = uniform_grid(0, 1, 4);
  EXPECT_THROW(
      simulate_lanes(GeometricBrownianMotion{}, EulerMaruyama{}, 1.0, grid, {.save_at = {0.3}}),
      std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
