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

// Constants on either side, as they come and made dual numbers: the same values.
template <class D, class A>
void expect_constants_to_be_duals(const D& x, A c) {
  const auto expect_same = [](const D& plain, const D& dual) {
    EXPECT_EQ(plain.value, dual.value);
    EXPECT_EQ(plain.derivative, dual.derivative);
  };
  expect_same(x + c, x + D(c));
  expect_same(c + x, D(c) + x);
  expect_same(x - c, x - D(c));
  expect_same(c - x, D(c) - x);
  expect_same(x * c, x * D(c));
  expect_same(c * x, D(c) * x);
  expect_same(x / c, x / D(c));
  expect_same(c / x, D(c) / x);
}
TEST(Dual, ArithmeticWithConstants) {
  expect_constants_to_be_duals(Dual(0.7, 2), 3);
  expect_constants_to_be_duals(Dual(0.7, 2), 0.3F);
  expect_constants_to_be_duals(DualOf<float>(0.7F, 2.0F), 0.3);
  expect_constants_to_be_duals(DualOf<float>(0.7F, 2.0F), 3);
}

TEST(SecondDerivative, AlongDirectionsWithTheFirst) {
  const auto f = [](const auto& y) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    return Vector<T, 2>(y[0] * y[0] * y[1], exp(y[0]) / y[1]);
  };
  const Vector<double, 2> y(0.5, 2), v(1, -2), w(3, 0.5), u(0.25, 4);
  const Vector<double, 2> d = second_derivative(f, y, v, w, u);
  const double e = std::exp(0.5);
  // Second derivatives of the first component: 2 y1, 2 y0 (mixed), 0.
  EXPECT_NEAR(d[0], 4 * 3 + 1 * (0.5 - 6) + 2 * 0.25 + 0.25 * 4, 1e-14);
  // Of the second: e/y1, -e/y1^2 (mixed), 2 e/y1^3.
  EXPECT_NEAR(
      d[1], e / 2 * 3 - e / 4 * (0.5 - 6) + 2 * e / 8 * -1 + e / 2 * 0.25 - e / 4 * 4, 1e-14);
  const auto constant = [](const auto&) { return 3.0; };
  EXPECT_EQ(second_derivative(constant, 0.5, 1.0, 1.0, 1.0), 0);
}

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
