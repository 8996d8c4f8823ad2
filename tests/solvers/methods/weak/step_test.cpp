// Steps of weak methods beside their proofs (tests/solvers/verify/one_step): the formula of the
// source written out again with loops over all pairs of Brownian motions, on prescribed variables;
// shapes that must agree with one another; where the coefficients are evaluated, and how often.

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
// A false alarm inside GCC 12's own AVX-512 header, about arrays of two numbers.
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "stochflow/methods/platen_weak2.hpp"
#include "stochflow/methods/ri6.hpp"
#include "stochflow/methods/rs1.hpp"
#include "stochflow/methods/w2ito2.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/one_step_problems.hpp"

namespace stochflow {
namespace {

using Ito = verify::ProveGeneral<Calculus::ito, 3>;
using Stratonovich = verify::ProveGeneral<Calculus::stratonovich, 3>;
using X = Vector<double, 2>;
using V = Vector<double, 3>;

constexpr double t = 0.3, h = 0.1;
const X x(0.8, -0.6);
const double root_h = std::sqrt(h), size = std::sqrt(3 * h);
const ThreePointIncrement<V> dB{V(size, 0, -size), V(1, -1, -1)};

template <class P>
X column(const P& sde, const X& y, double s, int k) {
  return sde.diffusion(y, s).col(k).array();
}

/// I_kl of the Ito methods.
double pair(int k, int l) {
  const double sign = k < l ? -1 : 1;
  return 0.5 * (dB.W[k] * dB.W[l] + sign * h * dB.e[k] * dB.e[l]);
}

TEST(WeakStep, RI6) {
  const Ito sde;
  const X f1 = sde.drift(x, t);
  X H0 = x + h * f1;
  for (int k = 0; k < 3; ++k) H0 += column(sde, x, t, k) * dB.W[k];
  X expected = x + h / 2 * (f1 + sde.drift(H0, t + h));
  for (int k = 0; k < 3; ++k) {
    const X g = column(sde, x, t, k);
    const double I = dB.W[k], I_kk = (I * I - h) / 2;
    const X up = column(sde, X(x + h * f1 + root_h * g), t + h, k);
    const X down = column(sde, X(x + h * f1 - root_h * g), t + h, k);
    X shift = X::Zero();
    for (int l = 0; l < 3; ++l) {
      if (l != k) shift += column(sde, x, t, l) * pair(k, l) / root_h;
    }
    expected += g * I / 2 + (up + down) * I / 4 + (up - down) * I_kk / (2 * root_h) - g * I / 2 +
                (column(sde, X(x + shift), t, k) + column(sde, X(x - shift), t, k)) * I / 4 +
                (column(sde, X(x + shift), t, k) - column(sde, X(x - shift), t, k)) * root_h / 2;
  }
  const X result = RI6{}.step(sde, x, t, h, dB);
  EXPECT_NEAR(result[0], expected[0], 1e-14);
  EXPECT_NEAR(result[1], expected[1], 1e-14);
}

TEST(WeakStep, PlatenWeak2) {
  const Ito sde;
  const X a = sde.drift(x, t);
  X Y = x + h * a;
  for (int k = 0; k < 3; ++k) Y += column(sde, x, t, k) * dB.W[k];
  X expected = x + h / 2 * (a + sde.drift(Y, t + h));
  for (int j = 0; j < 3; ++j) {
    const X b = column(sde, x, t, j);
    const double I = dB.W[j];
    const X up = column(sde, X(x + h * a + root_h * b), t + h, j);
    const X down = column(sde, X(x + h * a - root_h * b), t + h, j);
    expected += (up + down + 2 * b) * I / 4 + (up - down) * (I * I - h) / (4 * root_h);
    for (int r = 0; r < 3; ++r) {
      if (r == j) continue;
      const X above = column(sde, X(x + root_h * column(sde, x, t, r)), t, j);
      const X below = column(sde, X(x - root_h * column(sde, x, t, r)), t, j);
      const double V_rj = (r < j ? -h : h) * dB.e[r] * dB.e[j];
      expected +=
          (above + below - 2 * b) * I / 4 + (above - below) * (I * dB.W[r] + V_rj) / (4 * root_h);
    }
  }
  const X result = PlatenWeak2{}.step(sde, x, t, h, dB);
  EXPECT_NEAR(result[0], expected[0], 1e-14);
  EXPECT_NEAR(result[1], expected[1], 1e-14);
}

TEST(WeakStep, W2Ito2) {
  const Ito sde;
  const double xi = root_h * dB.e[0], middle = t + h / 2;
  const X k1 = sde.drift(x, t), H2 = x + h / 2 * k1, k2 = sde.drift(H2, middle);
  X G = X::Zero(), noise = X::Zero();
  for (int k = 0; k < 3; ++k) G += column(sde, H2, middle, k) * dB.W[k];
  for (int k = 0; k < 3; ++k) {
    const X g = column(sde, H2, middle, k);
    const double I = dB.W[k], I_kk = (I * I / xi - xi) / 2;
    X H3 = H2 + xi / 2 * g;
    for (int l = 0; l < 3; ++l) {
      const double sign = k < l ? -1 : 1;
      if (l != k) H3 += column(sde, H2, middle, l) * (dB.W[l] + sign * dB.e[1] * dB.W[l]) / 2;
    }
    noise += (2 * I_kk - I) * g + I * column(sde, H3, middle, k) +
             (I - 2 * I_kk) * column(sde, X(H2 - xi / 2 * g), middle, k);
  }
  const X k3 = sde.drift(X(x + h / 2 * k2 + G), middle), k4 = sde.drift(X(x + h * k3 + G), t + h);
  const X expected = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4) + noise;
  const X result = W2Ito2{}.step(sde, x, t, h, dB);
  EXPECT_NEAR(result[0], expected[0], 1e-14);
  EXPECT_NEAR(result[1], expected[1], 1e-14);
}

TEST(WeakStep, RS1) {
  const Stratonovich sde;
  const X k1 = sde.drift(x, t);
  std::vector<X> g1, g2;
  X shift = X::Zero();
  for (int k = 0; k < 3; ++k) {
    g1.push_back(column(sde, x, t, k));
    g2.push_back(column(sde, X(x + 2.0 / 3 * dB.W[k] * g1.back()), t, k));
    shift += dB.W[k] * (g1.back() + 3 * g2.back()) / 4;
  }
  X expected = x + h / 2 * (k1 + sde.drift(X(x + h * k1 + shift), t + h));
  for (std::size_t k = 0; k < 3; ++k) {
    const auto i = static_cast<int>(k);
    const double I = dB.W[i];
    X C = X::Zero(), D = X::Zero();
    for (std::size_t l = 0; l < 3; ++l) {
      if (l == k) continue;
      const auto n = static_cast<int>(l);
      C += dB.W[n] * (g1[l] + 3 * g2[l]) / 4;
      const double J = l < k ? I * root_h * dB.e[n] : -dB.W[n] * root_h * dB.e[i];
      D += g1[l] * J / root_h;
    }
    const X g3 = column(sde, X(x + h * k1 + I * (g1[k] / 12 + g2[k] / 4) + C), t + h, i);
    const X H4 = x + h * k1 + I * (-1.25 * g1[k] + g2[k] / 4 + 2 * g3) + C;
    const X g4 = column(sde, H4, t + h, i);
    expected += I * (g1[k] + 3 * g2[k] + 3 * g3 + g4) / 8 +
                root_h / 4 * (column(sde, X(x - D), t, i) - column(sde, X(x + D), t, i));
  }
  const X result = RS1{}.step(sde, x, t, h, dB);
  EXPECT_NEAR(result[0], expected[0], 1e-14);
  EXPECT_NEAR(result[1], expected[1], 1e-14);
}

/// Diagonal noise, once as an array and once as the matrix that it stands for.
template <Calculus C>
struct AsMatrix {
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::general;
  verify::ProveDiagonal<C> diagonal;
  template <class Y>
  Y drift(const Y& y, double s) const {
    return diagonal.drift(y, s);
  }
  template <class Y>
  auto diffusion(const Y& y, double s) const {
    Eigen::Matrix3d g = Eigen::Matrix3d::Zero();
    g.diagonal() = diagonal.diffusion(y, s).matrix();
    return g;
  }
};

/// A size known at run time only.
struct DynamicSize {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::general;
  Ito fixed;
  using Y = Vector<double>;
  Y drift(const Y& y, double s) const { return fixed.drift(X(y), s); }
  Matrix<double> diffusion(const Y& y, double s) const { return fixed.diffusion(X(y), s); }
};

TEST(WeakStep, DiagonalNoiseIsTheMatrixThatItStandsFor) {
  const auto check = [](auto method, auto diagonal, auto matrix) {
    const V y(0.8, -0.6, 0.5);
    const V a = method.step(diagonal, y, t, h, dB), b = method.step(matrix, y, t, h, dB);
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(a[i], b[i], 1e-14) << method.facts.name;
  };
  check(RI6{}, verify::ProveDiagonal<Calculus::ito>{}, AsMatrix<Calculus::ito>{});
  check(PlatenWeak2{}, verify::ProveDiagonal<Calculus::ito>{}, AsMatrix<Calculus::ito>{});
  check(RS1{}, verify::ProveDiagonal<Calculus::stratonovich>{}, AsMatrix<Calculus::stratonovich>{});
}

TEST(WeakStep, SizesKnownAtRunTime) {
  const ThreePointIncrement<Vector<double>> noise{dB.W, dB.e};
  const auto check = [&](auto method) {
    const Vector<double> a = method.step(DynamicSize{}, Vector<double>(x), t, h, noise);
    const X b = method.step(Ito{}, x, t, h, dB);
    EXPECT_NEAR(a[0], b[0], 1e-14) << method.facts.name;
    EXPECT_NEAR(a[1], b[1], 1e-14) << method.facts.name;
  };
  check(RI6{});
  check(W2Ito2{});
  check(PlatenWeak2{});
}

/// Counts what it is asked for; columns one by one.
struct Counting {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::general;
  Ito problem;
  int* drifts;
  int* matrices;
  int* columns;
  X drift(const X& y, double s) const {
    ++*drifts;
    inside(s);
    return problem.drift(y, s);
  }
  auto diffusion(const X& y, double s) const {
    ++*matrices;
    inside(s);
    return problem.diffusion(y, s);
  }
  X diffusion_column(const X& y, double s, Eigen::Index k) const {
    ++*columns;
    inside(s);
    return column(problem, y, s, static_cast<int>(k));
  }
  static void inside(double s) { EXPECT_TRUE(s >= t && s <= t + h + 1e-15) << s; }
};

TEST(WeakStep, CostGrowsLikeTheNumberOfBrownianMotions) {
  int drifts = 0, matrices = 0, columns = 0;
  const Counting sde{{}, &drifts, &matrices, &columns};
  const X direct = RI6{}.step(Ito{}, x, t, h, dB), counted = RI6{}.step(sde, x, t, h, dB);
  EXPECT_EQ(direct[0], counted[0]);
  EXPECT_EQ(drifts, 2);
  EXPECT_EQ(matrices, 1);
  EXPECT_EQ(columns, 4 * 3);
  columns = 0;
  W2Ito2{}.step(sde, x, t, h, dB);
  EXPECT_EQ(columns, 2 * 3);
}

TEST(WeakStep, SolveDrawsTheVariables) {
  const auto grid = uniform_grid(0.3, 0.5, 8);
  const auto a = solve(Ito{}, W2Ito2{}, x, grid, PathId{7, 1});
  const auto b = solve(Ito{}, W2Ito2{}, x, grid, PathId{7, 1});
  const auto c = solve(Ito{}, W2Ito2{}, x, grid, PathId{7, 2});
  ASSERT_TRUE(a.outcome.ok());
  EXPECT_TRUE((a.x == b.x).all());
  EXPECT_FALSE((a.x == c.x).all());
}

}  // namespace
}  // namespace stochflow
