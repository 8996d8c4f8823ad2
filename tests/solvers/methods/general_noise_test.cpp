// Methods of strong order 1 for noise that does not commute: Milstein's formula against differences
// of the coefficients; the others against Milstein's by Milstein's theorem, which asks that one
// step differ by O(h^(3/2)) and its mean by O(h^2); an equation that all must solve exactly.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/log_ode.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/milstein_general_derivative_free.hpp"
#include "stochflow/methods/split_step_euler_maruyama.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/srs2.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using X = Vector<double, 2>;
using W3 = Vector<double, 3>;
using Three = AreaIncrement<W3>;

/// Two components, three noises, nothing linear, everything depends on time.
template <Calculus C>
struct Tangled {
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::general;

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double t) const {
    using std::sin;
    return Vector<T, 2>(sin(x[1]) + T(t), x[0] * x[1] - T(t * t));
  }
  template <class T>
  Matrix<T, 2, 3> diffusion(const Vector<T, 2>& x, double t) const {
    using std::cos;
    using std::sin;
    Matrix<T, 2, 3> g;
    g << sin(x[1]) + T(t), T(0.5) * x[1] * x[0], cos(x[0]), x[0] * x[0], T(1 + t) * cos(x[1]),
        T(0.3) * x[1];
    return g;
  }
};

const X x0(0.7, -0.4);
constexpr double t0 = 0.3;

/// sum_jk (Dg^k g^j) I_jk with central differences along g^j.
X correction_by_differences(const Matrix<double, 3>& I) {
  const Tangled<Calculus::ito> sde;
  const auto g = sde.diffusion(x0, t0);
  const double d = 1e-5;
  X sum = X::Zero();
  for (int j = 0; j < 3; ++j) {
    const X along = d * g.col(j).array();
    const Matrix<double, 2, 3> up = sde.diffusion(X(x0 + along), t0);
    const Matrix<double, 2, 3> down = sde.diffusion(X(x0 - along), t0);
    sum += (((up - down) / (2 * d)) * I.row(j).transpose()).array();
  }
  return sum;
}

TEST(MilsteinGeneral, IsEulerPlusIteratedIntegralsTimesDerivatives) {
  const double h = 0.01;
  Three dB{W3(0.1, -0.2, 0.05), Matrix<double, 3>::Zero()};
  dB.A << 0, 0.004, -0.003, -0.004, 0, 0.006, 0.003, -0.006, 0;
  const Tangled<Calculus::ito> ito;
  const Tangled<Calculus::stratonovich> stratonovich;
  const X euler = x0 + h * ito.drift(x0, t0) + (ito.diffusion(x0, t0) * dB.W.matrix()).array();
  Matrix<double, 3> J = 0.5 * dB.W.matrix() * dB.W.matrix().transpose() + dB.A;
  const X with_J = MilsteinGeneral{}.step(stratonovich, x0, t0, h, dB);
  EXPECT_LT((with_J - euler - correction_by_differences(J)).abs().maxCoeff(), 1e-12);
  J.diagonal().array() -= h / 2;
  const X with_I = MilsteinGeneral{}.step(ito, x0, t0, h, dB);
  EXPECT_LT((with_I - euler - correction_by_differences(J)).abs().maxCoeff(), 1e-12);
}

struct Difference {
  double largest = 0;  // over the values of the noise
  X mean = X::Zero();
};

/// One step of `method` against one of Milstein's over noise with the moments of (W, A):
/// three-point W, two-point A.
template <class P, class M>
Difference against_milstein(const P& sde, const M& method, double h, bool with_area) {
  Difference result;
  for (int k = 0; k < 27 * 8; ++k) {
    Three dB{W3::Zero(), Matrix<double, 3>::Zero()};
    double weight = 1.0 / 8;
    for (int j = 0, rest = k / 8; j < 3; ++j, rest /= 3) {
      dB.W[j] = std::sqrt(3 * h) * (rest % 3 - 1);
      weight *= rest % 3 == 1 ? 2.0 / 3 : 1.0 / 6;
    }
    for (int j = 0, rest = k; with_area && j < 3; ++j, rest /= 2) {
      dB.A(j, (j + 1) % 3) = rest % 2 == 0 ? h / 2 : -h / 2;
      dB.A((j + 1) % 3, j) = -dB.A(j, (j + 1) % 3);
    }
    const X one = [&] {
      if constexpr (M::facts.needs == NoiseInput::WA) {
        return method.step(sde, x0, t0, h, dB);
      } else {
        return method.step(sde, x0, t0, h, Increment<W3>{dB.W});
      }
    }();
    const X difference = one - MilsteinGeneral{}.step(sde, x0, t0, h, dB);
    result.largest = std::max(result.largest, difference.abs().maxCoeff());
    result.mean += weight * difference;
  }
  return result;
}

template <class P, class M>
void expect_strong_order_one(const P& sde, const M& method, bool with_area = true) {
  const double h = 1.0 / 1024;
  const Difference coarse = against_milstein(sde, method, h, with_area);
  const Difference fine = against_milstein(sde, method, h / 4, with_area);
  ASSERT_GT(fine.largest, 1e-10) << "nothing to compare";
  EXPECT_GT(std::log2(coarse.largest / fine.largest) / 2, 1.4);
  const double mean = coarse.mean.abs().maxCoeff();
  if (mean < 1e-16) return;  // differences that meet integrals of mean zero
  EXPECT_GT(std::log2(mean / fine.mean.abs().maxCoeff()) / 2, 1.85) << mean;
}

TEST(GeneralNoise, MethodsAreOfStrongOrderOne) {
  const Tangled<Calculus::ito> ito;
  const Tangled<Calculus::stratonovich> stratonovich;
  expect_strong_order_one(ito, SRI2{});
  expect_strong_order_one(stratonovich, SRS2{});
  expect_strong_order_one(stratonovich, LogODE{});
  expect_strong_order_one(ito, MilsteinGeneralDerivativeFree{});
  expect_strong_order_one(stratonovich, MilsteinGeneralDerivativeFree{});
}

// Without areas: what the methods for commutative noise make of a matrix.
TEST(CommutativeNoise, DerivativeFreeMilsteinIsOfStrongOrderOne) {
  expect_strong_order_one(Tangled<Calculus::ito>{}, MilsteinDerivativeFree{}, false);
  expect_strong_order_one(Tangled<Calculus::stratonovich>{}, MilsteinDerivativeFree{}, false);
}

// dX1 = dW1, dX2 = X1 dW2: X2 = x2 + x1 W2 + W1 W2 / 2 + A12 is the solution.
template <Calculus C>
struct Heisenberg {
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::general;
  template <class T>
  Vector<T, Eigen::Dynamic> drift(const Vector<T, Eigen::Dynamic>& x, double) const {
    return x * T(0);
  }
  template <class T>
  Matrix<T> diffusion(const Vector<T, Eigen::Dynamic>& x, double) const {
    Matrix<T> g(2, 2);
    g << T(1), T(0), T(0), x[0];
    return g;
  }
};

TEST(GeneralNoise, TheHeisenbergGroupIsSolvedExactly) {
  using D = Vector<double>;
  D x(2), W(2);
  x << 0.3, -0.2;
  W << 0.5, -0.7;
  AreaIncrement<D> dB{W, Matrix<double>::Zero(2, 2)};
  dB.A(0, 1) = 0.11, dB.A(1, 0) = -0.11;
  const auto check = [&](const auto& sde, const auto& method) {
    const D next = method.step(sde, x, 0.0, 0.4, dB);
    EXPECT_NEAR(next[0], x[0] + W[0], 1e-15);
    EXPECT_NEAR(next[1], x[1] + x[0] * W[1] + 0.5 * W[0] * W[1] + 0.11, 1e-15);
  };
  check(Heisenberg<Calculus::ito>{}, MilsteinGeneral{});
  check(Heisenberg<Calculus::stratonovich>{}, MilsteinGeneral{});
  check(Heisenberg<Calculus::ito>{}, MilsteinGeneralDerivativeFree{});
  check(Heisenberg<Calculus::stratonovich>{}, MilsteinGeneralDerivativeFree{});
  check(Heisenberg<Calculus::ito>{}, SRI2{});
  check(Heisenberg<Calculus::stratonovich>{}, SRS2{});
  check(Heisenberg<Calculus::stratonovich>{}, LogODE{});
}

// A scalar equation declared general: Milstein's method, without areas.
TEST(GeneralNoise, OneBrownianMotionNeedsNoArea) {
  const auto f = [](const auto& y, double) { return -y; };
  const auto g = [](const auto& y, double s) { return s + 0.5 * y; };
  const auto is = ito<Noise::general>(f, g);
  const auto ss = stratonovich<Noise::general>(f, g);
  const double y = 0.8, t = 0.1, h = 0.2, w = -0.3, G = t + 0.5 * y;
  const AreaIncrement<double> dB{w, 0};
  EXPECT_NEAR(
      MilsteinGeneral{}.step(is, y, t, h, dB), y - h * y + G * w + 0.25 * G * (w * w - h), 1e-15);
  EXPECT_NEAR(MilsteinGeneral{}.step(ss, y, t, h, dB), y - h * y + G * w + 0.25 * G * w * w, 1e-15);
  EXPECT_NEAR(
      MilsteinGeneralDerivativeFree{}.step(is, y, t, h, dB),
      y - h * y + G * w + 0.5 * (-h * y + std::sqrt(h) * G) * (w * w - h) / (2 * std::sqrt(h)),
      1e-15);
  const double drift = -0.5 * h * (y + (y - h * y));
  EXPECT_NEAR(SRS2{}.step(ss, y, t, h, dB), y + drift + G * w + 0.25 * G * w * w, 1e-15);
  EXPECT_NEAR(SRI2{}.step(is, y, t, h, dB), y + drift + G * w + 0.25 * G * (w * w - h), 1e-15);
  const double z = y + 0.5 * (-h * y + G * w);
  EXPECT_NEAR(LogODE{}.step(ss, y, t, h, dB), y - h * z + (t + h / 2 + 0.5 * z) * w, 1e-15);
}

TEST(GeneralNoise, StagesLieInsideTheStep) {
  std::vector<double> drifts, diffusions;
  const auto record = [&](const auto& method) {
    drifts.clear(), diffusions.clear();
    const auto sde = [&] {
      const auto f = [&](const auto& y, double s) {
        drifts.push_back(s);
        return y * 1.0;
      };
      const auto g = [&](const auto& y, double s) {
        diffusions.push_back(s);
        return y * 1.0;
      };
      if constexpr (std::decay_t<decltype(method)>::facts.solves_ito) {
        return ito<Noise::general>(f, g);
      } else {
        return stratonovich<Noise::general>(f, g);
      }
    }();
    method.step(sde, 1.0, 0.5, 0.25, AreaIncrement<double>{0.1, 0});
    EXPECT_EQ(static_cast<int>(drifts.size()),
              std::decay_t<decltype(method)>::facts.drift_evaluations);
    for (const auto* times : {&drifts, &diffusions}) {
      for (const double s : *times) EXPECT_TRUE(s >= 0.5 && s <= 0.75) << s;
    }
  };
  record(MilsteinGeneral{});
  record(MilsteinGeneralDerivativeFree{});
  record(SRI2{});
  EXPECT_EQ(drifts, (std::vector<double>{0.5, 0.75}));
  record(SRS2{});
  record(LogODE{});
  EXPECT_EQ(drifts, (std::vector<double>{0.5, 0.625}));
}

TEST(SplitStepEulerMaruyama, DriftFirst) {
  const auto sde = ito<Noise::diagonal>([](const auto& y, double s) { return y * y + s; },
                                        [](const auto& y, double s) { return s * y; });
  const double y = 0.8, t = 0.25, h = 0.1, w = -0.37, k = y + h * (y * y + t);
  EXPECT_NEAR(
      SplitStepEulerMaruyama{}.step(sde, y, t, h, Increment<double>{w}), k + t * k * w, 1e-15);
}

// The whole chain: solve asks FreshIncrements for areas.
TEST(GeneralNoise, SolveDrawsTheAreas) {
  const auto solution =
      solve(Tangled<Calculus::ito>{}, SRI2{}, x0, uniform_grid(0, 1, 64), PathId{1, 2});
  EXPECT_EQ(solution.outcome.status, Status::ok);
  const auto plain =
      solve(Tangled<Calculus::ito>{}, EulerMaruyama{}, x0, uniform_grid(0, 1, 64), PathId{1, 2});
  EXPECT_LT((solution.x - plain.x).abs().maxCoeff(), 1.0);
  EXPECT_NE(solution.x[0], plain.x[0]);
}

}  // namespace
}  // namespace stochflow
