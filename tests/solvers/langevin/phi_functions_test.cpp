// The phi functions against their series in extended precision, and the noise coefficients against
// the projections that define them.

#include "stochflow/langevin/phi_functions.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace stochflow {
namespace {

long double series(int k, long double z) {
  long double factorial = 1;
  for (int i = 2; i <= k; ++i) factorial *= i;
  long double term = 1 / factorial, sum = term;
  for (int j = 1; j < 400; ++j) sum += term *= -z / (j + k);
  return sum;
}

TEST(PhiFunctions, AgreeWithTheSeriesFromTinyToLargeArguments) {
  for (double z : {0.0, 1e-300, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.5, 1.0, 1.9, 1.99999}) {
    const PhiFunctions phi(z);
    for (int k = 0; k <= 5; ++k) {
      const auto exact = static_cast<double>(series(k, z));
      EXPECT_NEAR(phi[k], exact, 8e-16 * exact) << "phi_" << k << " at " << z;
    }
  }
  for (double z : {2.0, 2.5, 4.0, 8.0, 12.0}) {  // further the series itself cancels
    const PhiFunctions phi(z);
    for (int k = 0; k <= 5; ++k) {
      const auto exact = static_cast<double>(series(k, z));
      EXPECT_NEAR(phi[k], exact, 1e-14 * exact + 1e-19 * std::exp(z)) << "phi_" << k << " at " << z;
    }
  }
  EXPECT_NEAR(PhiFunctions(1e4)[2], (1e4 - 1) / 1e8, 1e-18);
}

TEST(PhiFunctions, NoiseCoefficientsForTinyFriction) {
  for (double z : {1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-3}) {
    const PhiFunctions phi(z);
    EXPECT_NEAR(
        phi.chi(), 1 - z / 2 + 3 * z * z / 20 - z * z * z / 30 + z * z * z * z / 168, 1e-15);
    EXPECT_NEAR(phi.kappa() / z, -1 + z / 2 - z * z / 7 + 5 * z * z * z / 168, 1e-14);
  }
}

TEST(PhiFunctions, NoThresholdShows) {
  for (const auto& f : std::vector<std::function<double(const PhiFunctions&)>>{
           [](const auto& phi) { return phi.chi(); },
           [](const auto& phi) { return phi.kappa(); },
           [](const auto& phi) { return phi[5]; }}) {
    EXPECT_NEAR(f(PhiFunctions(2 - 1e-14)), f(PhiFunctions(2)), 4e-14);
  }
}

/// int_0^1 f(r) dr by Gauss and Legendre, 8 points on each of 16 cells.
double integral(const std::function<double(double)>& f) {
  constexpr double nodes[] = {
      0.18343464249564981, 0.52553240991632899, 0.79666647741362674, 0.96028985649753623};
  constexpr double weights[] = {
      0.36268378337836199, 0.31370664587788727, 0.22238103445337448, 0.10122853629037626};
  double sum = 0;
  for (int cell = 0; cell < 16; ++cell) {
    for (int i = 0; i < 4; ++i) {
      for (double sign : {-1.0, 1.0}) {
        sum += weights[i] / 32 * f((cell + 0.5 + 0.5 * sign * nodes[i]) / 16);
      }
    }
  }
  return sum;
}

// As functionals of dW at time left r, over a unit step: W = int dW, H = int (r - 1/2) dW and
// K = int (1/12 - r (1 - r)/2) dW, with variances 1, 1/12, 1/720.
TEST(PhiFunctions, NoiseCoefficientsAreProjections) {
  for (double z : {0.02, 0.7, 1.5, 3.0, 9.0}) {
    const auto b = [z](double r) { return -std::expm1(-z * r) / z; };
    const auto H = [](double r) { return r - 0.5; };
    const auto K = [](double r) { return 1.0 / 12 - 0.5 * r * (1 - r); };
    const PhiFunctions phi(z);
    EXPECT_NEAR(phi[2], integral(b), 1e-14);
    EXPECT_NEAR(phi.chi(), 12 * integral([&](double r) { return b(r) * H(r); }), 1e-13);
    EXPECT_NEAR(phi.kappa(), 720 * integral([&](double r) { return b(r) * K(r); }), 1e-12);
    EXPECT_NEAR(integral_of_b_squared(phi, PhiFunctions(2 * z)),
                integral([&](double r) { return b(r) * b(r); }),
                1e-14);
  }
}

}  // namespace
}  // namespace stochflow
