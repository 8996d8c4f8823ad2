#include "stochflow/ensemble/multilevel.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/heston_call.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

namespace stochflow {
namespace {

const GeometricBrownianMotion gbm{.mu = 0.05, .sigma = 0.2};

/// Discounted call at strike 1 on a price, or on the logarithm of one.
const auto call = [](const auto& s) { return std::exp(-0.05) * positive_part(s - 1.0); };

double black_scholes() {
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  const double d1 = (0.05 + 0.02) / 0.2, d2 = d1 - 0.2;
  return normal(d1) - std::exp(-0.05) * normal(d2);
}

TEST(Multilevel, MeetsItsTargetOnTheBlackScholesCall) {
  // The errors of independent runs are within the target on average, squared.
  constexpr double target = 1e-3;
  double squares = 0;
  constexpr int runs = 20;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    const auto r = multilevel(
        gbm, MilsteinDerivativeFree{}, 1.0, 0.0, 1.0, call, {.rmse = target, .seed = seed});
    EXPECT_TRUE(r.converged);
    EXPECT_LE(r.standard_error, target / std::sqrt(2.0) * 1.02);
    EXPECT_LE(r.rmse, 1.02 * target);
    const double error = r.estimate - black_scholes();
    squares += error * error;
  }
  // Twenty squared errors of a normal with the target as its root mean square: below 2.6 times
  // their expectation but once in 10,000.
  EXPECT_LT(squares / runs, 2.6 * target * target);
}

TEST(Multilevel, MeasuresTheDecayOfMilsteinAndEuler) {
  const auto price = [](const auto& x) { return x; };
  const MultilevelOptions options{.rmse = 2e-4, .least_levels = 7, .seed = 3};
  const auto milstein = multilevel(gbm, MilsteinDerivativeFree{}, 1.0, 0.0, 1.0, price, options);
  const auto euler = multilevel(gbm, EulerMaruyama{}, 1.0, 0.0, 1.0, price, options);
  EXPECT_NEAR(milstein.beta, 2, 0.2);  // twice the strong order
  EXPECT_NEAR(euler.beta, 1, 0.2);
  EXPECT_NEAR(milstein.alpha, 1, 0.2);
  EXPECT_LT(milstein.cost, euler.cost);
  for (const auto& row : milstein.levels) EXPECT_LT(row.inconsistency, 1) << row.level;
  EXPECT_NEAR(milstein.estimate, gbm.mean(1, 1), 6 * 2e-4);
  EXPECT_NEAR(euler.estimate, gbm.mean(1, 1), 6 * 2e-4);
}

TEST(Multilevel, PricesTheHestonCall) {
  const Heston model;
  const auto payoff = [&](const auto& x) {
    using std::exp;
    return std::exp(-model.r) * positive_part(exp(x[0]) - 1.0);
  };
  const auto r = multilevel(model,
                            EulerMaruyama{},
                            Vector<double, 2>(0.0, 0.04),
                            0.0,
                            1.0,
                            payoff,
                            {.rmse = 5e-4, .base_steps = 2, .seed = 5});
  EXPECT_TRUE(r.converged);
  EXPECT_EQ(r.failures, 0);
  EXPECT_NEAR(r.estimate, heston_call(model, 1.0, 0.04, 1.0, 1.0), 6 * 5e-4);
}

TEST(Multilevel, GivesTheMeanOfAnOrnsteinUhlenbeckProcess) {
  const OrnsteinUhlenbeck ou;
  const auto identity = [](const auto& x) { return x; };
  const auto r =
      multilevel(ou, EulerMaruyama{}, 1.0, 0.0, 1.0, identity, {.rmse = 1e-3, .base_steps = 4});
  EXPECT_NEAR(r.estimate, ou.mean(1.0, 1.0), 6e-3);
  // Additive noise: Euler-Maruyama has strong order 1.
  EXPECT_NEAR(r.beta, 2, 0.3);
}

TEST(Multilevel, IsTheSameForAnyNumberOfThreads) {
  const auto run = [](int threads) {
    return multilevel(
        gbm, EulerMaruyama{}, 1.0, 0.0, 1.0, call, {.rmse = 2e-3, .seed = 8, .threads = threads});
  };
  const auto one = run(1), three = run(3);
  EXPECT_EQ(one.estimate, three.estimate);
  EXPECT_EQ(one.standard_error, three.standard_error);
  EXPECT_EQ(one.cost, three.cost);
}

TEST(Multilevel, GivesUpAtTheCostThatIsAllowed) {
  const auto r = multilevel(
      gbm, EulerMaruyama{}, 1.0, 0.0, 1.0, call, {.rmse = 1e-6, .most_steps = 1e7, .seed = 1});
  EXPECT_FALSE(r.converged);
  EXPECT_GT(r.rmse, 1e-6);
  EXPECT_LT(r.cost, 1e7);
  EXPECT_NEAR(r.estimate, black_scholes(), 6 * r.rmse);
}

TEST(Multilevel, SaysWhatOptionsItExpects) {
  EXPECT_THROW(multilevel(gbm, EulerMaruyama{}, 1.0, 0.0, 1.0, call, {.rmse = 0}),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
