// SK-ROCK and S-ROCK2: their stability polynomials, the intervals on which they are stable, the
// points in time at which they look at the equation.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "solvers/methods/linear_equation.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/sk_rock.hpp"
#include "stochflow/methods/srock2.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using methods_test::linear;
using methods_test::mean_square_growth;

// Heat on a ring of 64 points.
constexpr int n = 64;
constexpr double D = 64.0 * 64;
const auto diffusing = [](const auto& x, double) {
  auto y = (x * (-2 * D)).eval();
  for (int i = 0; i < n; ++i) y[i] += D * (x[(i + 1) % n] + x[(i + n - 1) % n]);
  return y;
};

// SK-ROCK on the linear equation: x' = (T_s(w)/T_s(w0) + U_{s-1}(w)/U_{s-1}(w0) (1 + w1 z/2) m W) x
// with w = w0 + w1 z (Abdulle, Almuslimani and Vilmart 2018), by the trigonometric forms.
TEST(Stabilised, SkRockHasItsStabilityPolynomials) {
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

// The stages of SK-ROCK grow with the square root of the stiffness.
TEST(Stabilised, SkRockTakesFewStages) {
  EXPECT_EQ(SkRock::stages_for(0), 3);
  EXPECT_LT(SkRock::stages_for(1e4), 80);
  EXPECT_EQ(SkRock::stages_for(1e30), SkRock::max_stages + 1);
  // The heat equation on 64 points with noise; explicit Euler would need h < 1/8192.
  const auto heat = ito<Noise::diagonal>(diffusing, [](const auto& x, double) { return 0.2 * x; });
  const Vector<double> x0 = Vector<double>::Ones(n);
  const auto grid = uniform_grid(0, 1, 10);
  const auto smooth = solve(heat, SkRock{}, x0, grid, PathId{1});
  ASSERT_TRUE(smooth.outcome.ok());
  EXPECT_LT((smooth.x - 1).abs().maxCoeff(), 1.0);
  EXPECT_GT(solve(heat, EulerMaruyama{}, x0, grid, PathId{1}).x.abs().maxCoeff(), 1e20);
}

// With noise up to mu^2 = 1.9 |lambda| everywhere on [-l, 0]; l is at least what stages_for takes
// it for, and an eigenvalue beyond it grows.
TEST(Stabilised, SRock2DampsTheLinearEquationOnItsWholeInterval) {
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
TEST(Stabilised, SRock2StepsDoNotDependOnWhatItRemembers) {
  const auto sde = ito<Noise::diagonal>([](const auto& x, double t) { return x * (-300 * t * t); },
                                        [](const auto& x, double) { return 0.3 * x; });
  const SRock2 method;
  auto memory = method.start(sde, 1.0, 0.0);
  int changes = 0, last = 0;
  double x = 1;
  for (int k = 0; k < 40; ++k) {
    const ThreePointIncrement<double> dB{k % 3 == 0 ? 0.3 : -0.1, k % 2 == 0 ? 1.0 : -1.0};
    const double fresh = method.step(sde, x, 0.1 * k, 0.1, dB);
    x = method.step(sde, x, 0.1 * k, 0.1, dB, memory);
    EXPECT_EQ(x, fresh);
    if (memory.recurrence.count() != last) ++changes;
    last = memory.recurrence.count();
  }
  EXPECT_GT(changes, 2);
}

// The heat equation on 64 points, with one noise for all of them and with none, by steps 400 times
// those that an explicit Euler step bears.
TEST(Stabilised, SRock2OnTheHeatEquation) {
  const auto heat =
      ito<Noise::scalar>(diffusing, [](const auto& x, double) { return (0.5 * x).eval(); });
  const double wave = 2 * std::numbers::pi / n, lambda = 2 * D * (1 - std::cos(wave));
  Vector<double> mode(n);
  for (int i = 0; i < n; ++i) mode[i] = std::cos(wave * i);
  const Vector<double> x0 = 1 + 0.5 * mode;
  const auto s = solve(heat, SRock2{}, x0, uniform_grid(0, 1, 20), PathId{1});
  ASSERT_TRUE(s.outcome.ok());
  EXPECT_LT((s.x - s.x.mean()).abs().maxCoeff(), 1e-6);
  EXPECT_NE(s.x.mean(), 1);
  // Without noise, a mode falls as exp(-lambda t): by half the steps four times the error.
  const auto still = ito<Noise::additive>(diffusing, [](const auto&, double) { return 0.0; });
  const auto error = [&](int steps) {
    const double t1 = 0.1;
    const auto end = solve(still, SRock2{}, mode, uniform_grid(0, t1, steps), PathId{});
    return std::abs(end.x[0] - std::exp(-lambda * t1));
  };
  EXPECT_NEAR(std::log2(error(20) / error(40)), 2, 0.2);
}

// The same for S-ROCK2: with f = 1 and x = t every stage finds itself at its own time. For f = 2t a
// method of order 2 makes no error at all.
TEST(Stabilised, SRock2StagesLookAtTheirOwnTimes) {
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

// Stage times. SK-ROCK's must integrate dx = t^0, t^1 exactly to its order: x' = x + h for f = 1,
// and for f = 2t the error is O(h^2) and not of order h.
TEST(Stabilised, SkRockTimesAreInsideTheStepAndReachItsEnd) {
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

TEST(Stabilised, MeanSquareStableWhereEulerMaruyamaExplodes) {
  for (const double h : {0.01, 0.1, 1.0, 10.0}) {
    EXPECT_GT(mean_square_growth(EulerMaruyama{}, -1000, 30, h), 1);
    EXPECT_LT(mean_square_growth(SkRock{}, -1000, 30, h), 1);
  }
}

TEST(Stabilised, BadParametersAreSaid) {
  const auto sde = linear(-1, 0.1);
  const Increment<double> dB{0.1};
  const auto not_generic =
      ito<Noise::diagonal>([](double x, double) { return -x; }, [](double x, double) { return x; });
  EXPECT_THROW(SkRock{}.step(not_generic, 1.0, 0, 0.1, dB), std::invalid_argument);
  EXPECT_NO_THROW(SkRock{.stages = 4}.step(not_generic, 1.0, 0, 0.1, dB));
  const ThreePointIncrement<double> signs{0.1, 1};
  EXPECT_THROW(SRock2{.stages = 3}.step(sde, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_THROW(SRock2{.stages = 1001}.step(sde, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_THROW(SRock2{}.step(not_generic, 1.0, 0, 0.1, signs), std::invalid_argument);
  EXPECT_NO_THROW(SRock2{.stages = 4}.step(not_generic, 1.0, 0, 0.1, signs));
}

}  // namespace
}  // namespace stochflow
