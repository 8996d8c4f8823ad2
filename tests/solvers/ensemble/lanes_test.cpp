#include "stochflow/ensemble/lanes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "stochflow/correlated.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/exponential/exponential_euler.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/milstein_general_derivative_free.hpp"
#include "stochflow/methods/reversible_heun.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/methods/srs2.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"

namespace stochflow {
namespace {

void expect_equal(const EnsembleResult& a, const EnsembleResult& b) {
  EXPECT_EQ(a.times, b.times);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.trajectories, b.trajectories);
  EXPECT_EQ(a.failures, b.failures);
  ASSERT_EQ(a.first_failures.size(), b.first_failures.size());
  for (std::size_t k = 0; k < a.first_failures.size(); ++k) {
    EXPECT_EQ(a.first_failures[k].trajectory, b.first_failures[k].trajectory);
    EXPECT_EQ(a.first_failures[k].outcome.status, b.first_failures[k].outcome.status);
    EXPECT_EQ(a.first_failures[k].outcome.step, b.first_failures[k].outcome.step);
    EXPECT_EQ(a.first_failures[k].outcome.t, b.first_failures[k].outcome.t);
  }
  ASSERT_EQ(a.moments.size(), b.moments.size());
  for (std::size_t i = 0; i < a.moments.size(); ++i) {
    ASSERT_EQ(a.moments[i].size(), b.moments[i].size());
    for (std::size_t j = 0; j < a.moments[i].size(); ++j) {
      EXPECT_EQ(a.moments[i][j].count(), b.moments[i][j].count());
      EXPECT_EQ(a.moments[i][j].mean(), b.moments[i][j].mean());
      EXPECT_EQ(a.moments[i][j].variance(), b.moments[i][j].variance());
    }
  }
}

template <class P, class M, class X>
void expect_lanes_are_trajectories(const P& problem, const M& method, const X& x0) {
  // 300 trajectories: a full leaf, and one that does not fill its last pack.
  const EnsembleOptions options{
      .trajectories = 301, .seed = 6, .threads = 2, .save_at = {0.25, 1}, .keep_values = true};
  const auto grid = uniform_grid(0, 1, 20);
  expect_equal(simulate_lanes(problem, method, x0, grid, options),
               simulate(problem, method, x0, grid, options));
}

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

/// Three Brownian motions, and a state that each of them moves in another direction.
constexpr auto drift = []<class T>(const Vector<T, 2>& x, double t) {
  return Vector<T, 2>(x[1], t - x[0]);
};
constexpr auto diffusion = []<class T>(const Vector<T, 2>& x, double) {
  Matrix<T, 2, 3> g;
  g << x[0], 0.5 * x[1], T(0.3), T(0.2), x[0] * x[1], 0.1 * x[0];
  return g;
};

// Products of matrices are where a library's own loops round doubles otherwise than packs.
TEST(Lanes, AreTheTrajectoriesOfGeneralNoiseToTheBit) {
  const Vector<double, 2> x0(1.0, 0.5);
  const auto in_ito = ito<Noise::general>(drift, diffusion);
  const auto in_stratonovich = stratonovich<Noise::general>(drift, diffusion);
  expect_lanes_are_trajectories(in_ito, MilsteinGeneral{}, x0);
  expect_lanes_are_trajectories(in_ito, MilsteinGeneralDerivativeFree{}, x0);
  expect_lanes_are_trajectories(in_ito, SRI2{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, SRS2{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, MilsteinGeneralDerivativeFree{}, x0);
  expect_lanes_are_trajectories(in_stratonovich, ReversibleHeun{}, x0);
  Matrix<double, 3> covariance;
  covariance << 1, 0.5, 0.2, 0.5, 1, -0.3, 0.2, -0.3, 1;
  const auto together = correlated(in_ito, covariance);
  expect_lanes_are_trajectories(together, SRI2{}, x0);
  expect_lanes_are_trajectories(together, EulerMaruyama{}, x0);
}

struct Oscillator {
  static constexpr auto calculus = Calculus::ito;
  static constexpr auto noise = Noise::additive;

  Matrix<double, 2> linear_part() const {
    Matrix<double, 2> A;
    A << -0.3, 1, -1, -0.3;
    return A;
  }
  template <class T>
  Vector<T, 2> remainder(const Vector<T, 2>& x, double t) const {
    return Vector<T, 2>(T(t), x[0] * x[0]);
  }
  template <class X>
  Vector<double, 2> diffusion(const X&, double) const {
    return {0.3, 0.1};
  }
};

TEST(Lanes, AreTheTrajectoriesOfExponentialMethodsToTheBit) {
  expect_lanes_are_trajectories(Oscillator{}, ExponentialEuler{}, Vector<double, 2>(1.0, 0.5));
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
