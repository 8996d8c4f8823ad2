#include "stochflow/convert.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/slow_rk.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

using namespace verify;

// The test problems are written in both calculi by hand.
template <template <Calculus> class P, class X>
void expect_the_twin(const X& x) {
  const P<Calculus::ito> ito{};
  const P<Calculus::stratonovich> stratonovich{};
  const auto expect_equal = [](const X& a, const X& b) {
    if constexpr (std::is_arithmetic_v<X>) {
      EXPECT_NEAR(a, b, 1e-15);
    } else {
      EXPECT_LT((a - b).abs().maxCoeff(), 1e-15);
    }
  };
  const double t = 0.3;
  expect_equal(to_stratonovich(ito).drift(x, t), X(stratonovich.drift(x, t)));
  expect_equal(to_ito(stratonovich).drift(x, t), X(ito.drift(x, t)));
  static_assert(decltype(to_stratonovich(ito))::calculus == Calculus::stratonovich);
  static_assert(decltype(to_ito(stratonovich))::calculus == Calculus::ito);
  static_assert(decltype(to_ito(stratonovich))::noise == P<Calculus::ito>::noise);
}

TEST(Convert, DriftOfEveryNoiseStructure) {
  expect_the_twin<TanhTest>(0.4);
  expect_the_twin<GbmTest>(1.3);
  expect_the_twin<ScalarNoiseTest>(Vector<double, 2>(0.7, -0.4));
  expect_the_twin<CommutativeNoiseTest>(Vector<double, 2>(0.7, -0.4));
  expect_the_twin<GeneralNoiseTest>(Vector<double, 3>(0.7, -0.4, 0.2));
}

TEST(Convert, AdditiveNoiseAddsNothing) {
  const AdditiveTimeTest sde;
  EXPECT_EQ(to_stratonovich(sde).drift(0.7, 0.2), sde.drift(0.7, 0.2));
}

TEST(Convert, TheSameCalculusIsTheSameProblem) {
  using Ito = GbmTest<Calculus::ito>;
  static_assert(std::is_same_v<decltype(to_ito(Ito{})), Ito>);
  static_assert(std::is_same_v<decltype(to_ito(to_stratonovich(Ito{}))), Ito>);
  static_assert(std::is_same_v<decltype(to_stratonovich(to_stratonovich(Ito{}))),
                               Converted<Ito, Calculus::stratonovich>>);
}

struct OwnDerivative {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  double drift(double x, double) const { return -x; }
  double diffusion(double x, double t) const { return x * x + t; }
  double diffusion_derivative(double x, double) const { return 2 * x; }
};

TEST(Convert, TakesTheProblemsOwnDerivative) {
  const auto sde = to_stratonovich(OwnDerivative{});
  EXPECT_NEAR(sde.drift(0.5, 0.1), -0.5 - 0.5 * (0.25 + 0.1) * 2 * 0.5, 1e-16);
  EXPECT_EQ(sde.diffusion_derivative(0.5, 0.1), 1.0);
}

// Diagonal noise on a vector of run-time size, as an expression and as one number for all.
TEST(Convert, DiagonalNoiseOfAnyShape) {
  const auto cubic = ito<Noise::diagonal>([](const auto& y, double) { return y * 0.0; },
                                          [](const auto& y, double s) { return y * y * s; });
  Vector<double> x(3);
  x << 0.5, -1.0, 2.0;
  const double t = 0.5;
  EXPECT_LT((to_stratonovich(cubic).drift(x, t) + t * t * x * x * x).abs().maxCoeff(), 1e-15);
  const auto flat = ito<Noise::diagonal>([](const auto& y, double) { return y * 2.0; },
                                         [](const auto&, double) { return 0.3; });
  EXPECT_TRUE((to_stratonovich(flat).drift(x, t) == 2.0 * x).all());
}

// Milstein's step is one formula in both calculi once the drift is converted.
TEST(Convert, MilsteinTakesTheSameStep) {
  const Vector<double, 3> x(0.7, -0.4, 0.2);
  const Vector<double, 2> W(0.1, -0.3);
  AreaIncrement<Vector<double, 2>> dB{W, Matrix<double, 2>::Zero()};
  dB.A(0, 1) = 0.02, dB.A(1, 0) = -0.02;
  const GeneralNoiseTest<Calculus::ito> general;
  const auto a = MilsteinGeneral{}.step(general, x, 0, 0.1, dB);
  const auto b = MilsteinGeneral{}.step(to_stratonovich(general), x, 0, 0.1, dB);
  EXPECT_LT((a - b).abs().maxCoeff(), 1e-15);
  const TanhTest<Calculus::ito> diagonal;
  EXPECT_NEAR(Milstein{}.step(diagonal, 0.4, 0, 0.1, Increment<double>{0.2}),
              Milstein{}.step(to_stratonovich(diagonal), 0.4, 0, 0.1, Increment<double>{0.2}),
              1e-15);
}

// An Itô equation by the best Stratonovich method, against its exact solution on the path.
TEST(Convert, SolvesAnItoEquationByAStratonovichMethod) {
  const GbmTest<Calculus::ito> sde;
  const FreshIncrements<double> path(3, 1);
  const int n = 1024;
  std::vector<SpaceTimeIncrement<double>> cells;
  for (int k = 0; k < n; ++k) cells.push_back(path.space_time_increment({k, 0, 1.0 / n}));
  const double exact = sde.exact(cells, 1.0 / n, [](std::size_t) { return 0.0; });
  const auto solution =
      solve(to_stratonovich(sde), SlowRK{}, sde.x0(), uniform_grid(0, 1, n), path);
  EXPECT_NEAR(solution.x, exact, 1e-5);
}

// What the drift of a converted problem cannot do it does not pretend to.
template <class P, class X>
concept DriftOn = requires(const P& p, const X& x) {
  p.drift(x, 0.0);
};
static_assert(DriftOn<Converted<Heston, Calculus::stratonovich>, Vector<double, 2>>);
static_assert(!DriftOn<Converted<Heston, Calculus::stratonovich>, Vector<Dual, 2>>);

}  // namespace
}  // namespace stochflow
