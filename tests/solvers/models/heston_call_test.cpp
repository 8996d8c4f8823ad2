#include "stochflow/models/heston_call.hpp"

#include <gtest/gtest.h>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"

namespace stochflow {
namespace {

double black_scholes(double s, double k, double r, double sigma, double t) {
  const auto cdf = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  const double d1 = (std::log(s / k) + (r + 0.5 * sigma * sigma) * t) / (sigma * std::sqrt(t));
  return s * cdf(d1) - k * std::exp(-r * t) * cdf(d1 - sigma * std::sqrt(t));
}

TEST(HestonCall, IsBlackAndScholesWhenTheVarianceStandsStill) {
  const Heston still{.r = 0.03, .kappa = 2, .theta = 0.04, .xi = 1e-3, .rho = 0};
  for (const double strike : {60.0, 95.0, 100.0, 130.0}) {
    for (const double t : {0.1, 1.0, 3.0}) {
      EXPECT_NEAR(
          heston_call(still, 100, 0.04, strike, t), black_scholes(100, strike, 0.03, 0.2, t), 1e-4)
          << strike << ", " << t;
    }
  }
}

TEST(HestonCall, TheForwardHasItsPrice) {
  // phi(-i) = E[S/F] = 1.
  const auto value = heston_characteristic(Heston{}, std::complex<double>(0, -1), 0.04, 1.7);
  EXPECT_NEAR(value.real(), 1, 1e-12);
  EXPECT_NEAR(value.imag(), 0, 1e-12);
  // A strike near zero: the share itself.
  EXPECT_NEAR(heston_call(Heston{}, 100, 0.04, 1e-3, 1), 100 - 1e-3 * std::exp(-0.03), 1e-6);
}

TEST(HestonCall, AgreesWithAnEnsemble) {
  const Heston model;
  const auto result = simulate(
      model,
      EulerMaruyama{},
      Vector<double, 2>(std::log(100.0), 0.04),
      uniform_grid(0, 1, 100),
      {.trajectories = 40000, .seed = 3},
      [&](const Vector<double, 2>& x) {
        return std::vector<double>{std::exp(-model.r) * std::max(std::exp(x[0]) - 100, 0.0)};
      });
  const Moments& payoff = result.moments.back()[0];
  // Euler's bias at 100 steps is below 0.02 here.
  EXPECT_NEAR(payoff.mean(),
              heston_call(model, 100, 0.04, 100, 1),
              0.02 + 6 * payoff.mean_standard_error());
}

TEST(HestonCall, RefusesImpossibleNumbers) {
  EXPECT_THROW(heston_call(Heston{}, -1, 0.04, 100, 1), std::invalid_argument);
  EXPECT_THROW(heston_call(Heston{}, 100, 0.04, 100, 0), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
