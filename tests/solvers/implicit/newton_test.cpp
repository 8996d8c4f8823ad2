// Implicit stages: roots with a known value, the ways to state a Jacobian, and failures that end as
// a status.

#include "stochflow/implicit/newton.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using Two = Vector<double, 2>;

// x + c (x^3 - x) = a has the root x for a made of it; from a, which is far away.
TEST(Newton, FindsTheRootOfACubicFromFarAway) {
  const auto f = [](const auto& x) { return x - x * x * x; };
  for (const double root : {1e-8, 0.3, 2.0, 40.0, 1e6}) {
    const double c = 0.8, a = root - c * f(root);
    const auto solved = solve_implicit(f, a, c, a);
    EXPECT_EQ(solved.status, Status::ok);
    EXPECT_NEAR(solved.x, root, 1e-13 * root);
  }
}

TEST(Newton, ALinearSystemIsSolvedWhateverItsStiffness) {
  Eigen::Matrix2d A;
  A << -2e6, 1e6, 5e5, -1e6;
  const auto f = [&](const auto& x) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    return Vector<T, 2>(T(A(0, 0)) * x[0] + T(A(0, 1)) * x[1],
                        T(A(1, 0)) * x[0] + T(A(1, 1)) * x[1]);
  };
  const Two a(1, -3);
  const double c = 0.25;
  const auto solved = solve_implicit(f, a, c, a);
  const Eigen::Vector2d exact = (Eigen::Matrix2d::Identity() - c * A).inverse() * a.matrix();
  EXPECT_EQ(solved.status, Status::ok);
  EXPECT_LT((solved.x.matrix() - exact).norm(), 1e-13 * exact.norm());
}

// Rounding alone leaves a residual of 1e12 eps here; that is an answer, not a failure.
TEST(Newton, AVeryStiffSystemEndsAtWhatRoundingAllows) {
  const double k = 1e12;
  const auto f = [&](const auto& x) {
    using T = typename std::decay_t<decltype(x)>::Scalar;
    return Vector<T, 2>(T(k) * (x[1] - x[0] + T(0.1) * x[0] * x[0] - T(0.1) * x[1] * x[1]),
                        T(k) * (x[0] - x[1]) - x[1]);
  };
  const Two a(1, 2);
  const auto solved = solve_implicit(f, a, 1.0, a);
  ASSERT_EQ(solved.status, Status::ok);
  EXPECT_NEAR(solved.x[0], solved.x[1], 1e-9);
  EXPECT_TRUE(std::isfinite(solved.x[0]));
}

TEST(Newton, ANonlinearSystemOfARuntimeSize) {
  const auto f = [](const auto& x) {
    auto y = (x * x * x * -1.0).eval();
    for (Eigen::Index i = 0; i + 1 < x.size(); ++i) y[i] += x[i + 1] * x[i];
    return y;
  };
  Vector<double> root(4);
  root << 0.5, -1.2, 2.0, 0.1;
  const Vector<double> a = root - 0.1 * f(root);
  const auto solved = solve_implicit(f, a, 0.1, a);
  EXPECT_EQ(solved.status, Status::ok);
  EXPECT_LT((solved.x - root).abs().maxCoeff(), 1e-13);
}

// Not generic: the Jacobian can come from the problem only.
struct WithJacobian {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  mutable int jacobians = 0;
  Two drift(const Two& x, double t) const { return Two(-x[0] * x[0], t * x[0] - 3 * x[1]); }
  Eigen::Matrix2d drift_jacobian(const Two& x, double t) const {
    ++jacobians;
    Eigen::Matrix2d J;
    J << -2 * x[0], 0, t, -3;
    return J;
  }
  Two diffusion(const Two& x, double) const { return x; }
};

TEST(Newton, TakesTheProblemsOwnJacobian) {
  const WithJacobian sde;
  const Two x(1.5, 0.5);
  const double t = 0.5, h = 0.2;
  const Two next = ThetaEuler{}.step(sde, x, t, h, Increment<Two>{Two(0, 0)});
  EXPECT_GT(sde.jacobians, 0);
  EXPECT_LT((next - x - h * sde.drift(next, t + h)).abs().maxCoeff(), 1e-14);
}

// x = 1 + c (x^2 + 1) has no real root for c = 1.
TEST(Newton, NoRootIsAStatusAndNotAState) {
  const auto solved = solve_implicit([](const auto& x) { return x * x + 1.0; }, 1.0, 1.0, 1.0);
  EXPECT_EQ(solved.status, Status::newton_failed);
  EXPECT_TRUE(std::isnan(solved.x));
  const auto singular = solve_implicit([](const auto& x) { return x; }, 1.0, 1.0, 1.0);
  EXPECT_EQ(singular.status, Status::newton_failed);
  const auto wild = solve_implicit([](const auto& x) { return x / 0.0; }, 1.0, 1.0, 1.0);
  EXPECT_EQ(wild.status, Status::newton_failed);
}

// The run ends with the reason and keeps the last good state: 1/X falls to zero at t = 1, and from
// X_n > 1/(4h) backward Euler has no solution.
TEST(Newton, ARunThatCannotGoOnSaysSo) {
  const auto blow_up = ito<Noise::additive>([](const auto& x, double) { return x * x; },
                                            [](const auto&, double) { return 0.0; });
  const auto solution = solve(blow_up, ThetaEuler{}, 1.0, uniform_grid(0, 2, 20), PathId{});
  EXPECT_EQ(solution.outcome.status, Status::newton_failed);
  EXPECT_TRUE(std::isfinite(solution.x));
  EXPECT_LT(solution.t, 1.0);
  EXPECT_EQ(solution.t, solution.outcome.t);
  EXPECT_NE(solution.outcome.message().find("Newton"), std::string::npos);
}

}  // namespace
}  // namespace stochflow
