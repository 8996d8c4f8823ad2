#include "stochflow/verify/check_structure.hpp"

#include <gtest/gtest.h>

#include "stochflow/models/cir.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {
namespace {

using Pair = Vector<double, 2>;

template <class P, class X>
void expect_true_and_exact(const P& problem, const X& x) {
  const auto report = check_structure(problem, x, 0.3);
  EXPECT_TRUE(report) << report.text;
  EXPECT_EQ(report.found, P::noise) << report.text;
}

TEST(CheckStructure, TheLibrarysModelsDeclareTheTruth) {
  expect_true_and_exact(OrnsteinUhlenbeck{}, 0.7);
  expect_true_and_exact(AdditiveTimeTest{}, 0.7);
  expect_true_and_exact(GeometricBrownianMotion{}, 0.7);
  expect_true_and_exact(CoxIngersollRoss{}, 0.7);
  expect_true_and_exact(DoubleWell{}, 0.7);
  expect_true_and_exact(TanhTest<Calculus::ito>{}, 0.7);
  expect_true_and_exact(ScalarNoiseTest<Calculus::ito>{}, Pair(0.7, -0.2));
  expect_true_and_exact(CommutativeNoiseTest<Calculus::ito>{}, Pair(0.7, -0.2));
  expect_true_and_exact(GeneralNoiseTest<Calculus::ito>{}, Vector<double, 3>(0.7, -0.2, 0.4));
  expect_true_and_exact(Heston{}, Pair(0.1, 0.04));
  EXPECT_TRUE(check_structure(StochasticLorenz{}, Vector<double, 3>(1, 2, 3), 0));
}

void expect_refused(const StructureReport& report, Noise found, const char* words) {
  EXPECT_FALSE(report);
  EXPECT_EQ(report.found, found) << report.text;
  EXPECT_NE(report.text.find(words), std::string::npos) << report.text;
}

const auto still = [](const auto& x, double) { return x * 0.0; };

TEST(CheckStructure, WrongDeclarationsAreASentence) {
  const auto multiplicative = [](const auto& x, double) { return x * 0.5; };
  const auto swapped = [](const auto& x, double) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    return Vector<T, 2>(x[1], x[0] * 2.0);
  };
  const auto heisenberg = [](const auto& x, double) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    Matrix<T, 2> g;
    g << T(1), T(0), T(0), x[0];
    return g;
  };
  const Pair x(0.7, -0.2);
  expect_refused(check_structure(ito<Noise::additive>(still, multiplicative), x, 0),
                 Noise::diagonal,
                 "changes with x[0] (derivative 0.5): declare Noise::diagonal");
  expect_refused(check_structure(ito<Noise::additive>(still, multiplicative), 0.7, 0),
                 Noise::diagonal,
                 "declare Noise::diagonal");
  expect_refused(check_structure(ito<Noise::diagonal>(still, swapped), x, 0),
                 Noise::general,
                 "component 1 of the diffusion changes with x[0] (derivative 2)");
  expect_refused(check_structure(ito<Noise::commutative>(still, heisenberg), x, 0),
                 Noise::general,
                 "columns 0 and 1 of the diffusion do not commute: component 1 of their bracket");
  expect_refused(check_structure(ito<Noise::additive>(still, heisenberg), x, 0),
                 Noise::general,
                 "declare Noise::general.");
  const auto same = [](const auto& y, double) { return y.sum(); };
  expect_refused(check_structure(ito<Noise::diagonal>(still, same), x, 0),
                 Noise::general,
                 "component 1 of the diffusion changes with x[0]");
}

TEST(CheckStructure, SaysWhereADeclarationCouldBeStronger) {
  const auto diagonal = [](const auto& x, double) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    Matrix<T, 2> g;
    g << x[0], T(0), T(0), x[1] * x[1];
    return g;
  };
  const auto report = check_structure(ito<Noise::general>(still, diagonal), Pair(0.7, -0.2), 0);
  EXPECT_TRUE(report);
  EXPECT_EQ(report.found, Noise::commutative);
  EXPECT_NE(report.text.find("at this point it is commutative"), std::string::npos) << report.text;
}

TEST(CheckStructure, WhetherTheDriftCommutesWithTheNoise) {
  // Itô drift and noise of X = (1 + t) / (1/x0 - W) in the sense of Stratonovich, and of a
  // component that stands still.
  const auto drift = [](const auto& x, double t) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    const double b = 1 / (1 + t);
    return Vector<T, 2>(b * x[0] + b * b * x[0] * x[0] * x[0], T(0));
  };
  const auto diffusion = [](const auto& x, double t) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    return Vector<T, 2>(x[0] * x[0] / (1 + t), T(0));
  };
  const Pair x(0.7, -0.2);
  const auto report =
      check_structure(with_commuting_drift(ito<Noise::diagonal>(drift, diffusion)), x, 0.3);
  EXPECT_TRUE(report) << report.text;
  EXPECT_NE(report.text.find("commute with the noise, and does"), std::string::npos) << report.text;
  EXPECT_TRUE(check_structure(with_commuting_drift(ito<Noise::scalar>(drift, diffusion)), x, 0.3));

  const auto expect_false = [&](const auto& problem, const auto& at, const char* words) {
    const auto result = check_structure(with_commuting_drift(problem), at, 0.3);
    EXPECT_FALSE(result);
    EXPECT_NE(result.text.find(words), std::string::npos) << result.text;
  };
  // The same fields in Stratonovich's sense are another equation.
  expect_false(
      stratonovich<Noise::diagonal>(drift, diffusion), x, "component 0 of L^j f - L^0 g^j");
  // L^1 f = -theta sigma, L^0 g = 0
  expect_false(
      OrnsteinUhlenbeck{.theta = 1.5, .sigma = 0.4}, 0.7, "is -0.6 for Brownian motion j = 0");
  const auto lorenz = StochasticLorenz{};
  expect_false(lorenz, Vector<double, 3>(1, 2, 3), "take that declaration away");
  // Of the noise of the other component.
  const auto mixing = [](const auto& y, double) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    return Vector<T, 2>(0.5 * y[0], 0.5 * y[1] + 0.1 * y[0]);
  };
  const auto linear = [](const auto& y, double) { return 0.2 * y; };
  expect_false(ito<Noise::diagonal>(mixing, linear), x, "component 1 of L^j f - L^0 g^j is 0.014");
}

TEST(CheckStructure, ADerivativeThatIsNotFiniteIsMisuse) {
  const auto root = [](const auto& x, double) {
    using std::sqrt;
    return sqrt(x);
  };
  EXPECT_THROW(check_structure(ito<Noise::diagonal>(still, root), 0.0, 0), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::verify
