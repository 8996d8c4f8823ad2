#include "stochflow/dual.hpp"

#include <gtest/gtest.h>

#include "stochflow/derivative.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {
namespace {

// Each function's derivative against a central difference of step 1e-5 (error about 1e-10).
TEST(Dual, FunctionsAgreeWithDifferences) {
  const auto check = [](const char* what, const auto& function, double at) {
    const double eps = 1e-5;
    const Dual dual = function(Dual(at, 1));
    const double up = Dual(function(Dual(at + eps))).value,
                 down = Dual(function(Dual(at - eps))).value;
    EXPECT_NEAR(dual.value, Dual(function(Dual(at))).value, 0) << what;
    EXPECT_NEAR(dual.derivative, (up - down) / (2 * eps), 1e-8) << what;
  };
  check(
      "sqrt", [](Dual x) { return sqrt(x); }, 0.7);
  check(
      "exp", [](Dual x) { return exp(x); }, 0.7);
  check(
      "expm1", [](Dual x) { return expm1(x); }, 0.7);
  check(
      "log", [](Dual x) { return log(x); }, 0.7);
  check(
      "log1p", [](Dual x) { return log1p(x); }, 0.7);
  check(
      "sin", [](Dual x) { return sin(x); }, 0.7);
  check(
      "cos", [](Dual x) { return cos(x); }, 0.7);
  check(
      "tan", [](Dual x) { return tan(x); }, 0.7);
  check(
      "tanh", [](Dual x) { return tanh(x); }, 0.7);
  check(
      "pow", [](Dual x) { return pow(x, 2.5); }, 0.7);
  check(
      "abs", [](Dual x) { return abs(x); }, -0.7);
  check(
      "quotient", [](Dual x) { return (1.0 + x) / (x * x - 3.0); }, 0.7);
  check(
      "positive_part", [](Dual x) { return positive_part(x) * x; }, 0.7);
  check(
      "positive_part below", [](Dual x) { return positive_part(x) * x; }, -0.7);
}

TEST(Dual, SquareRootOfAConstantZeroIsNotNan) { EXPECT_EQ(sqrt(Dual(0.0)).derivative, 0.0); }

TEST(DiffusionDerivative, MatrixAlongADirection) {
  const auto sde = ito<Noise::general>([](const auto& y, double) { return y; },
                                       [](const auto& y, double s) {
                                         using T = typename std::decay_t<decltype(y)>::Scalar;
                                         Matrix<T, 2> m;
                                         m << y[0] * y[1], T(s), y[1], y[0] * y[0];
                                         return m;
                                       });
  const Vector<double, 2> y(2, 3), v(0.5, -1);
  const Eigen::Matrix2d d = diffusion_derivative_along(sde, y, 7, v);
  EXPECT_NEAR(d(0, 0), 0.5 * 3 + 2 * -1, 1e-15);
  EXPECT_EQ(d(0, 1), 0);
  EXPECT_EQ(d(1, 0), -1);
  EXPECT_NEAR(d(1, 1), 2 * 2 * 0.5, 1e-15);
}

}  // namespace
}  // namespace stochflow
