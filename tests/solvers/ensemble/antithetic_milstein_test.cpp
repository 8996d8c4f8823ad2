#include "stochflow/ensemble/antithetic_milstein.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "stochflow/ensemble/multilevel.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/heston_call.hpp"

namespace stochflow {
namespace {

/// Clark and Cameron 1980: dX = dW1, dY = X dW2. Its noise commutes nowhere, and without Levy areas
/// no method on increments has a strong order above 1/2.
struct ClarkCameron {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::general;

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>&, double) const {
    return Vector<T, 2>(T(0), T(0));
  }
  template <class T>
  Matrix<T, 2> diffusion(const Vector<T, 2>& x, double) const {
    Matrix<T, 2> g;
    g << T(1), T(0), T(0), x[0];
    return g;
  }
};

const Vector<double, 2> origin(0.0, 0.0);
const auto wave = [](const auto& x) {
  using std::cos;
  return cos(x[1]);
};

TEST(AntitheticMilstein, DoublesTheDecayOfTheLevelsOnClarkCameron) {
  const MultilevelOptions options{.rmse = 3e-3, .least_levels = 7, .most_steps = 1e8, .seed = 1};
  const auto pairs = multilevel(ClarkCameron{}, AntitheticMilstein{}, origin, 0, 1, wave, options);
  const auto euler = multilevel(ClarkCameron{}, EulerMaruyama{}, origin, 0, 1, wave, options);
  // E cos Y = E exp(-1/2 int W^2) = cosh(1)^(-1/2), Cameron and Martin.
  const double exact = 1 / std::sqrt(std::cosh(1.0));
  EXPECT_NEAR(pairs.estimate, exact, 6 * 3e-3);
  EXPECT_NEAR(euler.estimate, exact, 6 * 3e-3);
  EXPECT_NEAR(pairs.beta, 2, 0.2);
  EXPECT_NEAR(euler.beta, 1, 0.2);
  EXPECT_LT(pairs.cost, euler.cost);
  for (const auto& row : pairs.levels) EXPECT_LT(row.inconsistency, 1) << row.level;
  EXPECT_EQ(pairs.levels[3].cost, 2 * 8 + 4);
}

TEST(AntitheticMilstein, PricesTheHestonCall) {
  const Heston model;
  const auto payoff = [&](const auto& x) {
    using std::exp;
    return std::exp(-model.r) * positive_part(exp(x[0]) - 1.0);
  };
  const Vector<double, 2> start(0.0, 0.04);
  const MultilevelOptions options{
      .rmse = 1e-3, .base_steps = 2, .least_levels = 6, .most_steps = 1e8, .seed = 2};
  const auto r = multilevel(model, AntitheticMilstein{}, start, 0, 1, payoff, options);
  EXPECT_TRUE(r.converged);
  EXPECT_NEAR(r.estimate, heston_call(model, 1.0, 0.04, 1.0, 1.0), 6 * 1e-3);
  // A kink and a square root: 1.5 is what theory gives for the kink.
  EXPECT_GT(r.beta, 1.3);
}

}  // namespace
}  // namespace stochflow
