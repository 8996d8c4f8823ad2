// The methods for stiff and super-linear drifts: their formulas, solved again by other means; what
// they are for, which is to be stable where Euler-Maruyama is not; the points in time at which they
// look at the equation.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/implicit_midpoint.hpp"
#include "stochflow/methods/implicit_milstein.hpp"
#include "stochflow/methods/sk_rock.hpp"
#include "stochflow/methods/split_step_backward_euler.hpp"
#include "stochflow/methods/srock2.hpp"
#include "stochflow/methods/tamed_milstein.hpp"
#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/methods/truncated_euler.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace {

using Two = Vector<double, 2>;

// dX = lambda X dt + mu X dW, and E[x'^2] / x^2 of one step: steps are polynomials in W of degree 2
// at most, so three-point variables (0 and +-sqrt(3h)), right up to the fifth moment, give it
// exactly.
auto linear(double lambda, double mu) {
  return ito<Noise::diagonal>([=](const auto& x, double) { return lambda * x; },
                              [=](const auto& x, double) { return mu * x; });
}
template <class M>
double mean_square_growth(const M& method, double lambda, double mu, double h) {
  const auto at = [&](double W) {
    const double x = [&] {
      if constexpr (M::facts.needs == NoiseInput::three_point) {
        // The signs cancel on a linear equation.
        return method.step(linear(lambda, mu), 1.0, 0.0, h, ThreePointIncrement<double>{W, 1});
      } else {
        return method.step(linear(lambda, mu), 1.0, 0.0, h, Increment<double>{W});
      }
    }();
    return x * x;
  };
  const double far = std::sqrt(3 * h);
  return at(0) * 2 / 3 + (at(far) + at(-far)) / 6;
}

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

// SK-ROCK on the linear equation: x' = (T_s(w)/T_s(w0) + U_{s-1}(w)/U_{s-1}(w0) (1 + w1 z/2) m W) x
// with w = w0 + w1 z (Abdulle, Almuslimani and Vilmart 2018), by the trigonometric forms.
TEST(Stiff, SkRockHasItsStabilityPolynomials) {
  for (const int s : {1, 2, 3, 7, 20}) {
    const double w0 = 1 + SkRock::eta / (s * s), angle0 = std::acosh(w0);
    const double T0 = std::cosh(s * angle0), U0 = std::sinh(s * angle0) / std::sinh(angle0);
    const double w1 = T0 / (s * U0);
    for (const double z : {-0.1, -0.7, -1.3}) {
      const double w = w0 + w1 * z * s, h = 0.1, l = z * s / h, m = 0.8;
      const double angle = std::acos(std::clamp(w, -1.0, 1.0));
      const bool inside = std::abs(w) < 1;
      const double T = inside ? std::cos(s * angle) : std::cosh(s * std::acosh(w));
      const double U = inside ? std::sin(s * angle) / std::sin(angle)
                              : std::sinh(s * std::acosh(w)) / std::sinh(std::acosh(w));
      if (w < -1) continue;
      const double W = 0.37;
      const double x = SkRock{.stages = s}.step(linear(l, m), 2.0, 0.0, h, Increment<double>{W});
      EXPECT_NEAR(x, 2 * (T / T0 + U / U0 * (1 + w1 * l * h / 2) * m * W), 1e-12) << s << " " << z;
    }
  }
}

// lambda = -1000, mu = 30: E X^2 falls like exp((2 lambda + mu^2) t). Steps of 0.01 to 10 are 5 to
// 5000 times too long for Euler-Maruyama.
TEST(Stiff, MeanSquareStableWhereEulerMaruyamaExplodes) {
  for (const double h : {0.01, 0.1, 1.0, 10.0}) {
    EXPECT_GT(mean_square_growth(EulerMaruyama{}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(ThetaEuler{1}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(ThetaEuler{0.5}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(SplitStepBackwardEuler{}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(SkRock{}, -1000, 30, h), 1);
    // Noise small enough for Milstein's correction, which is explicit: mu^4 < 2 lambda^2.
    EXPECT_LT(mean_square_growth(ImplicitMilstein{1}, -1000, 30, h), 1);
  }
  // The trapezoidal rule is stable exactly where the equation is: 2 lambda + mu^2 < 0.
  EXPECT_LT(mean_square_growth(ThetaEuler{0.5}, -1000, std::sqrt(1999.0), 1), 1);
  EXPECT_GT(mean_square_growth(ThetaEuler{0.5}, -1000, std::sqrt(2001.0), 1), 1);
}

// The stages of SK-ROCK grow with the square root of the stiffness.
TEST(Stiff, SkRockTakesFewStages) {
  EXPECT_EQ(SkRock::stages_for(0), 3);
  EXPECT_LT(SkRock::stages_for(1e4), 80);
  EXPECT_EQ(SkRock::stages_for(1e30), SkRock::max_stages + 1);
  // The heat equation on 64 points with noise; explicit Euler would need h < 1/8192.
  const int n = 64;
  const double D = 64.0 * 64;
  const auto heat = ito<Noise::diagonal>(
      [=](const auto& x, double) {
        auto y = (x * (-2 * D)).eval();
        for (int i = 0; i < n; ++i) y[i] += D * (x[(i + 1) % n] + x[(i + n - 1) % n]);
        return y;
      },
      [](const auto& x, double) { return 0.2 * x; });
  const Vector<double> x0 = Vector<double>::Ones(n);
  const auto grid = uniform_grid(0, 1, 10);
  const auto smooth = solve(heat, SkRock{}, x0, grid, PathId{1});
  ASSERT_TRUE(smooth.outcome.ok());
  EXPECT_LT((smooth.x - 1).abs().maxCoeff(), 1.0);
  EXPECT_GT(solve(heat, EulerMaruyama{}, x0, grid, PathId{1}).x.abs().maxCoeff(), 1e20);
}

// With noise up to mu^2 = 1.9 |lambda| everywhere on [-l, 0]; l is at least what stages_for takes
// it for, and an eigenvalue beyond it grows.
TEST(Stiff, SRock2DampsTheLinearEquationOnItsWholeInterval) {
  using Stages = detail::SecondOrderStages;
  for (const int s : {4, 5, 6, 9, 14, 33, 80, 200}) {
    SCOPED_TRACE(s);
    const SRock2 method{.stages = s};
    const double l = Stages(s).length();
    EXPECT_GT(l, 0.52 * s * s);
    for (int k = 1; k <= 1000; ++k) {
      const double z = -l * std::pow(k * 1e-3, 2);
      EXPECT_LT(mean_square_growth(method, z, std::sqrt(-1.9 * z), 1), 1) << z;
      EXPECT_LT(mean_square_growth(method, z, 0, 1), 1) << z;
    }
    EXPECT_GT(mean_square_growth(method, -1.1 * l, 0, 1), 1);
  }
  EXPECT_EQ(Stages::stages_for(0), Stages::fewest);
  EXPECT_EQ(Stages::stages_for(1e5), 439);
  EXPECT_EQ(Stages::stages_for(1e30), Stages::most + 1);
  EXPECT_LT(mean_square_growth(SRock2{}, -1000, 40, 10), 1);
  EXPECT_TRUE(std::isnan(mean_square_growth(SRock2{}, -1e6, 0, 10)));
}

// A trajectory's steps share the recurrence while the stages stay the same.
TEST(Stiff, SRock2StepsDoNotDependOnWhatItRemembers) {
  const auto sde = ito<Noise::diagonal>([](const auto& x, double t) { return x * (-300 * t * t); },
                                        [](const auto& x, double) { return 0.3 * x; });
  const SRock2 method;
  auto memory = method.start(sde, 1.0, 0.0);
  int changes = 0, last = 0;
  double x = 1;
  for (int n = 0; n < 40; ++n) {
    const ThreePointIncrement<double> dB{n % 3 == 0 ? 0.3 : -0.1, n % 2 == 0 ? 1.0 : -1.0};
    const double fresh = method.step(sde, x, 0.1 * n, 0.1, dB);
    x = method.step(sde, x, 0.1 * n, 0.1, dB, memory);
    EXPECT_EQ(x, fresh);
    if (memory.recurrence.count() != last) ++changes;
    last = memory.recurrence.count();
  }
  EXPECT_GT(changes, 2);
}

// The heat equation on 64 points, with one noise for all of them and with none, by steps 400 times
// those that an explicit Euler step bears.
TEST(Stiff, SRock2OnTheHeatEquation) {
  const int n = 64;
  const double D = 64.0 * 64;
  const auto heat = ito<Noise::scalar>(
      [=](const auto& x, double) {
        auto y = (x * (-2 * D)).eval();
        for (int i = 0; i < n; ++i) y[i] += D * (x[(i + 1) % n] + x[(i + n - 1) % n]);
        return y;
      },
      [](const auto& x, double) { return (0.5 * x).eval(); });
  const double wave = 2 * std::numbers::pi / n, lambda = 2 * D * (1 - std::cos(wave));
  Vector<double> mode(n);
  for (int i = 0; i < n; ++i) mode[i] = std::cos(wave * i);
  const Vector<double> x0 = 1 + 0.5 * mode;
  const auto s = solve(heat, SRock2{}, x0, uniform_grid(0, 1, 20), PathId{1});
  ASSERT_TRUE(s.outcome.ok());
  EXPECT_LT((s.x - s.x.mean()).abs().maxCoeff(), 1e-6);
  EXPECT_NE(s.x.mean(), 1);
  // Without noise, a mode falls as exp(-lambda t): by half the steps four times the error.
  const auto still = ito<Noise::additive>([&](const auto& x, double t) { return heat.drift(x, t); },
                                          [](const auto&, double) { return 0.0; });
  const auto error = [&](int steps) {
    const double t1 = 0.1;
    const auto end = solve(still, SRock2{}, mode, uniform_grid(0, t1, steps), PathId{});
    return std::abs(end.x[0] - std::exp(-lambda * t1));
  };
  EXPECT_NEAR(std::log2(error(20) / error(40)), 2, 0.2);
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

// Stage times. SK-ROCK's must integrate dx = t^0, t^1 exactly to its order: x' = x + h for f = 1,
// and for f = 2t the error is O(h^2) and not of order h.
TEST(Stiff, TimesAreInsideTheStepAndSkRockReachesItsEnd) {
  const double t = 0.5, h = 0.25;
  for (const int s : {1, 3, 10, 40}) {
    std::vector<double> times;
    const auto clock = ito<Noise::diagonal>(
        [&](double, double at) {
          times.push_back(at);
          return 1.0;
        },
        [](double, double) { return 0.0; });
    const SkRock method{.stages = s};
    EXPECT_NEAR(method.step(clock, 2.0, t, h, Increment<double>{0.1}), 2.0 + h, 1e-13);
    EXPECT_EQ(static_cast<int>(times.size()), s);
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
    EXPECT_EQ(times.front(), t);
    EXPECT_LT(times.back(), t + h);
    // The states of an equation with f = 1 and x = t are the stage times: each stage looks at the
    // equation at (c_i, t + c_i h) together.
    std::vector<double> states;
    const auto follow = ito<Noise::diagonal>(
        [&](double x, double at) {
          states.push_back(x - at);
          return 1.0;
        },
        [](double, double) { return 0.0; });
    method.step(follow, t, t, h, Increment<double>{0.1});
    for (const double lag : states) EXPECT_NEAR(lag, 0, 1e-13);
  }
}

// The same for S-ROCK2: with f = 1 and x = t every stage finds itself at its own time. For f = 2t a
// method of order 2 makes no error at all.
TEST(Stiff, SRock2StagesLookAtTheirOwnTimes) {
  const double t = 0.5, h = 0.25;
  for (const int s : {4, 7, 30}) {
    const SRock2 method{.stages = s};
    std::vector<double> lags, times;
    const auto follow = ito<Noise::diagonal>(
        [&](double x, double at) {
          lags.push_back(x - at);
          times.push_back(at);
          return 1.0;
        },
        [&](double x, double at) {
          lags.push_back(x - at);
          return 0.0;
        });
    const ThreePointIncrement<double> dB{0.2, -1};
    EXPECT_NEAR(method.step(follow, t, t, h, dB), t + h, 1e-13);
    EXPECT_EQ(static_cast<int>(times.size()), s + 1);
    EXPECT_EQ(lags.size(), times.size() + 5);
    for (const double lag : lags) EXPECT_NEAR(lag, 0, 1e-13);
    EXPECT_EQ(times.front(), t);
    EXPECT_LT(*std::max_element(times.begin(), times.end()), t + h);
    const auto clock = ito<Noise::additive>([](double, double at) { return 2 * at; },
                                            [](double, double) { return 0.0; });
    EXPECT_NEAR(method.step(clock, t * t, t, h, dB), (t + h) * (t + h), 1e-13);
  }
}

TEST(Stiff, BadParametersAreSaid) {
  const auto sde = linear(-1, 0.1);
  const Increment<double> dB{0.1};
  EXPECT_THROW(ThetaEuler{1.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_THROW(ImplicitMilstein{-0.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_THROW(TamedEuler{0.5}.step(sde, 1.0, 0, 0.1, dB), std::invalid_argument);
  const auto not_generic =
      ito<Noise::diagonal>([](double x, double) { return -x; }, [](double x, double) { return x; });
  EXPECT_THROW(SkRock{}.step(not_generic, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_NO_THROW(SkRock{.stages = 4}.step(not_generic, 1.0, 0, 0.1, dB));
  const ThreePointIncrement<double> signs{0.1, 1};
  EXPECT_THROW(SRock2{.stages = 3}.step(sde, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_THROW(SRock2{.stages = 1001}.step(sde, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_THROW(SRock2{}.step(not_generic, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_NO_THROW(SRock2{.stages = 4}.step(not_generic, 1.0, 0, 0.1, signs));
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
