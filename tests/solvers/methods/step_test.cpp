// One step of each method against the formula of its source, written out again for a problem whose
// coefficients are simple enough to do by hand; the points at which it evaluates them; its
// deterministic limit.

#include <gtest/gtest.h>

#include <tuple>
#include <utility>
#include <vector>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

constexpr double x = 0.8, t = 0.25, h = 0.1, W = -0.37;

double f(double y, double s) { return std::sin(y) + s; }
double g(double y, double s) { return 0.5 + y * y * s; }
double g_slope(double y, double s) { return 2 * y * s; }

template <Calculus C>
auto problem() {
  const auto drift = [](const auto& y, double s) {
    using std::sin;
    return sin(y) + s;
  };
  const auto diffusion = [](const auto& y, double s) { return 0.5 + y * y * s; };
  if constexpr (C == Calculus::ito) {
    return ito<Noise::diagonal>(drift, diffusion);
  } else {
    return stratonovich<Noise::diagonal>(drift, diffusion);
  }
}
const auto ito_problem = problem<Calculus::ito>();
const auto stratonovich_problem = problem<Calculus::stratonovich>();
const Increment<double> dB{W};

TEST(Step, EulerMaruyama) {
  EXPECT_NEAR(EulerMaruyama{}.step(ito_problem, x, t, h, dB), x + h * f(x, t) + g(x, t) * W, 1e-15);
}

TEST(Step, Heun) {
  const double p = x + h * f(x, t) + g(x, t) * W;
  const double expected = x + h * (f(x, t) + f(p, t + h)) / 2 + (g(x, t) + g(p, t + h)) / 2 * W;
  EXPECT_NEAR(Heun{}.step(stratonovich_problem, x, t, h, dB), expected, 1e-15);
}

TEST(Step, MilsteinInBothCalculi) {
  const double euler = x + h * f(x, t) + g(x, t) * W;
  const double slope = 0.5 * g(x, t) * g_slope(x, t);
  EXPECT_NEAR(Milstein{}.step(ito_problem, x, t, h, dB), euler + slope * (W * W - h), 1e-15);
  EXPECT_NEAR(Milstein{}.step(stratonovich_problem, x, t, h, dB), euler + slope * W * W, 1e-15);
}

TEST(Step, MilsteinDerivativeFreeInBothCalculi) {
  const double euler = x + h * f(x, t) + g(x, t) * W, r = std::sqrt(h);
  const double k = x + h * f(x, t) + r * g(x, t);
  EXPECT_NEAR(MilsteinDerivativeFree{}.step(ito_problem, x, t, h, dB),
              euler + (g(k, t) - g(x, t)) * (W * W - h) / (2 * r),
              1e-15);
  const double up = x + r * g(x, t), down = x - r * g(x, t);
  EXPECT_NEAR(MilsteinDerivativeFree{}.step(stratonovich_problem, x, t, h, dB),
              euler + (g(up, t) - g(down, t)) * W * W / (4 * r),
              1e-15);
}

struct WithOwnDerivative {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  // Not generic: only the analytic derivative can serve Milstein here.
  double drift(double y, double s) const { return f(y, s); }
  double diffusion(double y, double s) const { return g(y, s); }
  double diffusion_derivative(double y, double s) const { return g_slope(y, s); }
};

TEST(Step, MilsteinTakesTheProblemsOwnDerivative) {
  EXPECT_NEAR(Milstein{}.step(WithOwnDerivative{}, x, t, h, dB),
              Milstein{}.step(ito_problem, x, t, h, dB),
              1e-15);
}

// Commutative noise by hand: columns g1 = (a x1, b x2), g2 = (c x1, d x2).
TEST(Step, MilsteinOnACommutativeMatrix) {
  constexpr double a = 0.4, b = -0.3, c = 0.2, d = 0.7;
  const auto sde = ito<Noise::commutative>([](const auto& y, double) { return y * 0.0; },
                                           [](const auto& y, double) {
                                             using T = typename std::decay_t<decltype(y)>::Scalar;
                                             Matrix<T, 2> m;
                                             m << T(a) * y[0], T(c) * y[0], T(b) * y[1],
                                                 T(d) * y[1];
                                             return m;
                                           });
  const Vector<double, 2> y(1.5, -0.6), w(0.21, -0.34);
  const auto result = Milstein{}.step(sde, y, 0, h, Increment<Vector<double, 2>>{w});
  const auto component = [&](double yi, double p, double q) {
    return yi * (1 + p * w[0] + q * w[1] + 0.5 * p * p * (w[0] * w[0] - h) +
                 0.5 * q * q * (w[1] * w[1] - h) + p * q * w[0] * w[1]);
  };
  EXPECT_NEAR(result[0], component(y[0], a, c), 1e-15);
  EXPECT_NEAR(result[1], component(y[1], b, d), 1e-15);
}

TEST(Step, VectorsOfIndependentCopiesEqualScalars) {
  const Vector<double, 3> states(0.8, -0.2, 1.4), increments(-0.37, 0.1, 0.25);
  const auto check = [&](const auto& method, const auto& sde) {
    const Vector<double, 3> all =
        method.step(sde, states, t, h, Increment<Vector<double, 3>>{increments});
    for (int i = 0; i < 3; ++i) {
      const double one = method.step(sde, states[i], t, h, Increment<double>{increments[i]});
      EXPECT_NEAR(all[i], one, 1e-15);
    }
  };
  check(EulerMaruyama{}, ito_problem);
  check(Milstein{}, ito_problem);
  check(MilsteinDerivativeFree{}, ito_problem);
  check(Heun{}, stratonovich_problem);
  check(Milstein{}, stratonovich_problem);
  check(MilsteinDerivativeFree{}, stratonovich_problem);
}

// Evaluation points, in order, and their number, which must be what the facts say.
template <class M>
void expect_evaluations(const M& method, Calculus, const std::vector<double>& drift_times) {
  std::vector<double> drifts, diffusions;
  const auto sde = stratonovich<Noise::diagonal>(
      [&](double y, double s) {
        drifts.push_back(s);
        return y;
      },
      [&](double y, double s) {
        diffusions.push_back(s);
        return y;
      });
  method.step(sde, x, t, h, dB);
  EXPECT_EQ(drifts, drift_times);
  EXPECT_EQ(static_cast<int>(drifts.size()), M::facts.drift_evaluations);
}
TEST(Step, EvaluatesWhereAndAsOftenAsItSays) {
  expect_evaluations(Heun{}, Calculus::stratonovich, {t, t + h});
  expect_evaluations(MilsteinDerivativeFree{}, Calculus::stratonovich, {t});
}

// Without noise: Euler-Maruyama and the Milstein methods are Euler's rule, exact for constant
// drift; Heun is the trapezoidal rule, exact when the drift is linear in time.
TEST(Step, DeterministicLimits) {
  const auto still = [](double c0, double c1) {
    return stratonovich<Noise::additive>([=](double, double s) { return c0 + c1 * s; },
                                         [](double, double) { return 0.0; });
  };
  const double euler = x + h * (2 + 3 * t);
  EXPECT_NEAR(EulerMaruyama{}.step(still(2, 3), x, t, h, dB), euler, 1e-15);
  EXPECT_NEAR(Milstein{}.step(still(2, 3), x, t, h, dB), euler, 1e-15);
  EXPECT_NEAR(MilsteinDerivativeFree{}.step(still(2, 3), x, t, h, dB), euler, 1e-15);
  EXPECT_NEAR(Heun{}.step(still(2, 3), x, t, h, dB), x + 2 * h + 1.5 * h * (2 * t + h), 1e-15);
}

}  // namespace
}  // namespace stochflow
