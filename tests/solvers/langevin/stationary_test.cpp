// In a harmonic potential every method is a linear map s -> M s + N n with n standard normal, read
// off by applying the method to unit vectors. Its stationary covariance C = M C M^T + N N^T is
// solved exactly and compared with published formulas.

#include <gtest/gtest.h>

#include <Eigen/LU>

#include "paths.hpp"
#include "stochflow/langevin/catalogue.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

using langevin_test::narrowed;

constexpr double k = 1.7, u = 0.8;  // U = k x^2/2, angular frequency (k u)^(1/2)

auto oscillator(double gamma, double stiffness = k) {
  return UnderdampedLangevin([stiffness](double x) { return stiffness * x; }, gamma, u);
}

struct LinearMap {
  Eigen::Matrix2d M;
  Eigen::Matrix2d Q;  // N N^T

  /// The covariance that the map leaves alone, by three linear equations.
  Eigen::Matrix2d stationary() const {
    const double a = M(0, 0), b = M(0, 1), c = M(1, 0), d = M(1, 1);
    Eigen::Matrix3d A;  // on (xx, xv, vv)
    A << a * a, 2 * a * b, b * b, a * c, a * d + b * c, b * d, c * c, 2 * c * d, d * d;
    const Eigen::Vector3d s = (Eigen::Matrix3d::Identity() - A)
                                  .partialPivLu()
                                  .solve(Eigen::Vector3d(Q(0, 0), Q(0, 1), Q(1, 1)));
    Eigen::Matrix2d C;
    C << s[0], s[1], s[1], s[2];
    return C;
  }
};

template <class M, class P>
LinearMap map_of(const P& sde, double h, const M& method = {}) {
  using WHK = SpaceTimeTimeIncrement<double>;
  const auto apply = [&](double x, double v, const WHK& dB) {
    const auto s = method.step(sde, PhaseSpace{x, v}, 0, h, narrowed<M>(dB));
    return Eigen::Vector2d(s.x, s.v);
  };
  LinearMap map;
  map.M.col(0) = apply(1, 0, {0, 0, 0});
  map.M.col(1) = apply(0, 1, {0, 0, 0});
  Eigen::Matrix<double, 2, 3> N;
  N.col(0) = apply(0, 0, {std::sqrt(h), 0, 0});
  N.col(1) = apply(0, 0, {0, std::sqrt(h / 12), 0});
  N.col(2) = apply(0, 0, {0, 0, std::sqrt(h / 720)});
  map.Q = N * N.transpose();
  return map;
}

// Leimkuhler and Matthews 2013: with q = h^2 k u/4 the shadow Hamiltonian of each order of the
// letters is known, and at the end of the step O's exact normal distribution shows where it was.
TEST(LangevinStationary, SplittingsOnTheHarmonicOscillator) {
  for (double gamma : {0.1, 1.0, 10.0}) {
    for (double h : {0.1, 0.5, 1.0}) {
      const double q = h * h * k * u / 4;
      const auto sde = oscillator(gamma);
      const auto baoab = map_of<BAOAB>(sde, h).stationary();
      EXPECT_NEAR(baoab(0, 0), 1 / k, 1e-12);  // positions without any error
      EXPECT_NEAR(baoab(1, 1), u * (1 - q), 1e-12);
      const auto obabo = map_of<OBABO>(sde, h).stationary();
      EXPECT_NEAR(obabo(0, 0), 1 / (k * (1 - q)), 1e-12);
      EXPECT_NEAR(obabo(1, 1), u, 1e-12);
      const auto oabao = map_of<OABAO>(sde, h).stationary();
      EXPECT_NEAR(oabao(0, 0), (1 - q) / k, 1e-12);
      EXPECT_NEAR(oabao(1, 1), u, 1e-12);
      const auto aboba = map_of<FixedSplitting<"ABOBA">>(sde, h).stationary();
      EXPECT_NEAR(aboba(0, 0), 1 / k, 1e-12);
      EXPECT_NEAR(aboba(1, 1), u / (1 - q), 1e-12);
      for (const auto& C : {baoab, obabo, oabao, aboba}) EXPECT_NEAR(C(0, 1), 0, 1e-12);
    }
  }
}

// The others have errors that fall as their weak orders say, and faster where symmetry helps.
TEST(LangevinStationary, ErrorsFallWithTheOrder) {
  verify::for_each_type<std::tuple<UBU, ALIGN, ShOULD, QUICSORT>>([](auto method) {
    using M = decltype(method);
    Eigen::Matrix2d exact;
    exact << 1 / k, 0, 0, u;
    const auto error = [&](double h) {
      return (map_of<M>(oscillator(1.3), h).stationary() - exact).cwiseAbs().maxCoeff();
    };
    EXPECT_GT(std::log2(error(0.04) / error(0.02)), M::facts.weak.additive - 0.1) << M::facts.name;
    EXPECT_LT(error(0.02), 2e-3) << M::facts.name;
  });
}

// Without a force every method but the splittings is exact in law, for any friction.
TEST(LangevinStationary, FreeMotion) {
  for (double z : {1e-12, 1e-3, 0.3, 2.5, 30.0}) {
    constexpr double h = 0.5;
    const double gamma = z / h, c = std::exp(-z);
    const auto sde = oscillator(gamma, 0);
    const LinearMap ubu = map_of<UBU>(sde, h);
    EXPECT_NEAR(ubu.M(0, 1), z < 1e-9 ? h : -std::expm1(-z) / gamma, 1e-12);
    EXPECT_NEAR(ubu.M(1, 1), c, 1e-15);
    const double vv = -u * std::expm1(-2 * z);
    EXPECT_NEAR(ubu.Q(1, 1), vv, 1e-13 * vv);
    EXPECT_NEAR(ubu.Q(0, 1), u * std::pow(std::expm1(-z), 2) / gamma, 1e-13 * vv * h);
    if (z < 0.1) continue;  // the textbook's formula of the next line cancels
    const double xx = 2 * u / gamma * (h - 2 * (1 - c) / gamma + (1 - c * c) / (2 * gamma));
    EXPECT_NEAR(ubu.Q(0, 0), xx, 1e-12 * xx);
    // ALIGN leaves out what (W, H) do not see of the position, QUICSORT and ShOULD less.
    EXPECT_LT(map_of<ALIGN>(sde, h).Q(0, 0), xx);
    EXPECT_LT(map_of<ShOULD>(sde, h).Q(0, 0), xx);
  }
}

// UBU as the composition of its parts, each with the covariance of the exact solution.
TEST(LangevinStationary, UbuIsTheCompositionOfItsParts) {
  for (double gamma : {0.4, 2.0, 9.0}) {
    constexpr double h = 0.6, s = h / 2;
    const double c = std::exp(-gamma * s);
    Eigen::Matrix2d U, B, Q;
    U << 1, (1 - c) / gamma, 0, c;
    B << 1, 0, -h * u * k, 1;
    Q(0, 0) = (s - 2 * (1 - c) / gamma + (1 - c * c) / (2 * gamma)) / (gamma * gamma);
    Q(0, 1) = Q(1, 0) = (1 - c) * (1 - c) / (2 * gamma * gamma);
    Q(1, 1) = (1 - c * c) / (2 * gamma);
    Q *= 2 * gamma * u;
    const LinearMap ubu = map_of<UBU>(oscillator(gamma), h);
    EXPECT_LT((ubu.M - U * B * U).cwiseAbs().maxCoeff(), 1e-14);
    const Eigen::Matrix2d UB = U * B;
    EXPECT_LT((ubu.Q - (UB * Q * UB.transpose() + Q)).cwiseAbs().maxCoeff(), 1e-14);
  }
}

}  // namespace
}  // namespace stochflow
