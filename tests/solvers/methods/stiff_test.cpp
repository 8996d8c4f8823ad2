// The implicit methods for stiff drifts and the tamed ones for super-linear drifts: their formulas,
// solved again by other means; what they are for, which is to be stable where Euler-Maruyama is
// not. stabilised_test.cpp has the explicit ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include "solvers/methods/linear_equation.hpp"
#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/implicit_midpoint.hpp"
#include "stochflow/methods/implicit_milstein.hpp"
#include "stochflow/methods/split_step_backward_euler.hpp"
#include "stochflow/methods/tamed_milstein.hpp"
#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/methods/truncated_euler.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace {

using methods_test::linear;
using methods_test::mean_square_growth;
using Two = Vector<double, 2>;

TEST(Stiff, MeanSquareGrowthIsThatOfTheFormulas) {
  const double l = -3, m = 1.3, h = 0.4, z = l * h, y = m * m * h;
  EXPECT_NEAR(mean_square_growth(ThetaEuler{1}, l, m, h), (1 + y) / ((1 - z) * (1 - z)), 1e-14);
  EXPECT_NEAR(mean_square_growth(ThetaEuler{0.5}, l, m, h),
              ((1 + z / 2) * (1 + z / 2) + y) / ((1 - z / 2) * (1 - z / 2)),
              1e-14);
  EXPECT_NEAR(mean_square_growth(ThetaEuler{0}, l, m, h), (1 + z) * (1 + z) + y, 1e-14);
  EXPECT_NEAR(mean_square_growth(ImplicitMilstein{1}, l, m, h),
              (1 + y + y * y / 2) / ((1 - z) * (1 - z)),
              1e-14);
  EXPECT_NEAR(mean_square_growth(ImplicitMidpoint{}, l, m, h),
              ((1 + z / 2) * (1 + z / 2) + y) / ((1 - z / 2) * (1 - z / 2)),
              1e-14);
  EXPECT_NEAR(
      mean_square_growth(SplitStepBackwardEuler{}, l, m, h), (1 + y) / ((1 - z) * (1 - z)), 1e-14);
}

// lambda = -1000, mu = 30: E X^2 falls like exp((2 lambda + mu^2) t). Steps of 0.01 to 10 are 5 to
// 5000 times too long for Euler-Maruyama.
TEST(Stiff, MeanSquareStableWhereEulerMaruyamaExplodes) {
  for (const double h : {0.01, 0.1, 1.0, 10.0}) {
    EXPECT_GT(mean_square_growth(EulerMaruyama{}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(ThetaEuler{1}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(ThetaEuler{0.5}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(SplitStepBackwardEuler{}, -1000, 30, h), 1);
    // Noise small enough for Milstein's correction, which is explicit: mu^4 < 2 lambda^2.
    EXPECT_LT(mean_square_growth(ImplicitMilstein{1}, -1000, 30, h), 1);
  }
  // The trapezoidal rule is stable exactly where the equation is: 2 lambda + mu^2 < 0.
  EXPECT_LT(mean_square_growth(ThetaEuler{0.5}, -1000, std::sqrt(1999.0), 1), 1);
  EXPECT_GT(mean_square_growth(ThetaEuler{0.5}, -1000, std::sqrt(2001.0), 1), 1);
}

// The implicit equations hold at the end of the step.
TEST(Stiff, StepsSolveTheirEquations) {
  const auto f = [](const auto& x, double t) { return (x - x * x * x) * (1 + t); };
  const auto g = [](const auto& x, double t) { return 0.3 + 0.2 * x * t; };
  const auto sde = ito<Noise::diagonal>(f, g);
  const Two x(0.8, -2.5), W(-0.3, 0.4);
  const double t = 0.25, h = 0.2;
  const Increment<Two> dB{W};
  const auto distance = [](const Two& a, const Two& b) { return (a - b).abs().maxCoeff(); };
  for (const double theta : {0.0, 0.5, 0.7, 1.0}) {
    const Two next = ThetaEuler{theta}.step(sde, x, t, h, dB);
    const Two drift = (1 - theta) * f(x, t) + theta * f(next, t + h);
    EXPECT_LT(distance(next, x + h * drift + g(x, t) * W), 1e-13) << theta;
    const Two milstein = ImplicitMilstein{theta}.step(sde, x, t, h, dB);
    const Two drift_m = (1 - theta) * f(x, t) + theta * f(milstein, t + h);
    const Two second = 0.5 * g(x, t) * 0.2 * t * (W * W - h);
    EXPECT_LT(distance(milstein, x + h * drift_m + g(x, t) * W + second), 1e-13) << theta;
  }
  const Two middle = ImplicitMidpoint{}.step(sde, x, t, h, dB);
  EXPECT_LT(distance(middle, x + h * f(Two(0.5 * (x + middle)), t + h / 2) + g(x, t) * W), 1e-13);
  const Two after_drift = SplitStepBackwardEuler{}.step(sde, x, t, h, Increment<Two>{Two(0, 0)});
  EXPECT_LT(distance(after_drift, x + h * f(after_drift, t + h)), 1e-13);
  EXPECT_LT(distance(SplitStepBackwardEuler{}.step(sde, x, t, h, dB),
                     after_drift + g(after_drift, t + h) * W),
            1e-13);
}

TEST(Stiff, TamedAndTruncatedFormulas) {
  const auto f = [](const Two& x) { return Two(-x[0] * x[0] * x[0], 4 * x[1]); };
  const auto sde = ito<Noise::diagonal>([&](const Two& x, double) { return f(x); },
                                        [](const auto& x, double) { return 0.5 * x * x; });
  const Two x(2, -1), W(0.1, 0.3);
  const double h = 0.25, size = std::sqrt(64.0 + 16.0);
  const Two noise = 0.5 * x * x * W;
  EXPECT_LT((TamedEuler{1}.step(sde, x, 0, h, Increment<Two>{W}) -
             (x + h * f(x) / (1 + h * size) + noise))
                .abs()
                .maxCoeff(),
            1e-15);
  EXPECT_LT((TamedEuler{}.step(sde, x, 0, h, Increment<Two>{W}) -
             (x + h * f(x) / std::sqrt(1 + h * h * size * size) + noise))
                .abs()
                .maxCoeff(),
            1e-15);
  EXPECT_LT((TamedMilstein{1}.step(sde, x, 0, h, Increment<Two>{W}) -
             (x + h * f(x) / (1 + h * size) + noise + 0.25 * x * x * x * (W * W - h)))
                .abs()
                .maxCoeff(),
            1e-15);
  const double short_h = 0.05;  // h |f| < 1
  EXPECT_LT((TamedEuler{1}.step(sde, x, 0, short_h, Increment<Two>{W}) -
             (x + short_h * f(x) / (1 + short_h * size) + noise))
                .abs()
                .maxCoeff(),
            1e-15);
  // |x| = 50 is pulled back to R = 5 (1/16)^(-1/4) = 10.
  const Two far(30, -40), near(6, -8);
  const TruncatedEuler truncated{.radius = 5, .growth = 1};
  EXPECT_LT((truncated.step(sde, far, 0, 0.0625, Increment<Two>{W}) -
             (far + 0.0625 * f(near) + 0.5 * near * near * W))
                .abs()
                .maxCoeff(),
            1e-12);
  EXPECT_LT((truncated.step(sde, near, 0, 0.0625, Increment<Two>{W}) -
             EulerMaruyama{}.step(sde, near, 0, 0.0625, Increment<Two>{W}))
                .abs()
                .maxCoeff(),
            1e-14);
}

// dX = (X - X^3) dt + X/2 dW from 1000: the solution falls below 2 at once, Euler-Maruyama jumps to
// 1000 - h 1e9 and beyond.
TEST(Stiff, SuperLinearDriftsStayBounded) {
  const auto sde = ito<Noise::diagonal>([](const auto& x, double) { return x - x * x * x; },
                                        [](const auto& x, double) { return 0.5 * x; });
  const auto grid = uniform_grid(0, 16, 320);
  const auto end = [&](const auto& method, double x0) {
    double worst = 0;
    for (std::uint64_t k = 0; k < 100; ++k) {
      const auto solution = solve(sde, method, x0, grid, PathId{5, k});
      if (!solution.outcome.ok()) return std::numeric_limits<double>::infinity();
      worst = std::max(worst, std::abs(solution.x));
    }
    return worst;
  };
  EXPECT_EQ(end(EulerMaruyama{}, 1000), std::numeric_limits<double>::infinity());
  EXPECT_EQ(solve(sde, EulerMaruyama{}, 1000.0, grid, PathId{5}).outcome.status,
            Status::not_finite);
  EXPECT_LT(end(ThetaEuler{}, 1000), 5);
  EXPECT_LT(end(ImplicitMilstein{}, 1000), 5);
  EXPECT_LT(end(SplitStepBackwardEuler{}, 1000), 5);
  EXPECT_LT(end(TruncatedEuler{.radius = 4}, 200), 5);
  // The tamed methods come down by at most 1 a step, and never go up.
  EXPECT_LT(end(TamedEuler{}, 30), 5);
  EXPECT_LT(end(TamedMilstein{}, 30), 5);
  EXPECT_LT(end(TamedEuler{1}, 30), 5);
}

// Drift and diffusion both cubic: the drift's taming does not tame the noise, the truncation does.
TEST(Stiff, TruncationTamesTheNoiseToo) {
  const auto sde =
      ito<Noise::diagonal>([](const auto& x, double) { return x - 5 * x * x * x * x * x; },
                           [](const auto& x, double) { return x * x; });
  double sum = 0;
  const auto grid = uniform_grid(0, 2, 64);
  for (std::uint64_t k = 0; k < 200; ++k) {
    const auto solution =
        solve(sde, TruncatedEuler{.radius = 1.2, .growth = 5}, 40.0, grid, PathId{6, k});
    ASSERT_TRUE(solution.outcome.ok());
    sum += solution.x * solution.x;
  }
  EXPECT_LT(sum / 200, 40.0 * 40.0);
}

// Without noise and damping the midpoint rule keeps the radius of an oscillator at any step.
TEST(Stiff, ImplicitMidpointKeepsQuadraticInvariants) {
  const auto oscillator = ito<Noise::diagonal>(
      [](const auto& x, double) {
        using T = typename std::decay_t<decltype(x)>::Scalar;
        return Vector<T, 2>(T(7.0) * x[1], T(-7.0) * x[0]);
      },
      [](const auto& x, double) { return x * 0.0; });
  const auto solution =
      solve(oscillator, ImplicitMidpoint{}, Two(0.6, 0.8), uniform_grid(0, 100, 500), PathId{});
  EXPECT_NEAR(solution.x.matrix().norm(), 1, 1e-12);
}

TEST(Stiff, BadParametersAreSaid) {
  const auto sde = linear(-1, 0.1);
  const Increment<double> dB{0.1};
  EXPECT_THROW(ThetaEuler{1.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_THROW(ImplicitMilstein{-0.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_THROW(TamedEuler{0.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_THROW(TruncatedEuler{.radius = 0}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
}

// Adaptive steps: a step that Newton cannot take is rejected, and the run goes on with a shorter
// one.
TEST(Stiff, AdaptiveRunsShortenStepsThatNewtonCannotTake) {
  const auto sde = ito<Noise::diagonal>([](const auto& x, double) { return x * x; },
                                        [](const auto& x, double) { return 0.01 * x; });
  const PiController controller{.rtol = 1e-4, .atol = 1e-4, .first_step = 0.5};
  const auto solution =
      solve_adaptive(sde, StepDoubling<ImplicitMilstein>{}, 1.0, 0, 0.9, PathId{3}, controller);
  ASSERT_TRUE(solution.outcome.ok());
  EXPECT_GT(solution.rejected_steps, 0);
  EXPECT_NEAR(solution.x, 10, 2);
}

}  // namespace
}  // namespace stochflow
