// Exponential integrators: their functions against the series and integrals that define them, exact
// laws on linear equations, orders on equations that are not, stability.

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/exponential/exponential_euler.hpp"
#include "stochflow/methods/exponential/exponential_sra1.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow {
namespace {

using Two = Vector<double, 2>;

double integral(const auto& f) {
  return boost::math::quadrature::gauss_kronrod<double, 61>::integrate(f, 0.0, 1.0, 8, 1e-14);
}

TEST(Phi, NumbersAreTheirIntegrals) {
  for (const double z :
       {-300.0, -20.0, -1.7, -1.0, -0.3, -1e-5, 0.0, 1e-9, 0.2, 0.999, 1.001, 4.0}) {
    const double p1 = integral([&](double u) { return std::exp((1 - u) * z); });
    const double p2 = integral([&](double u) { return std::exp((1 - u) * z) * u; });
    const double twice = integral([&](double u) { return std::exp(2 * (1 - u) * z); });
    EXPECT_NEAR(phi1(z), p1, 4e-15 * p1) << z;
    EXPECT_NEAR(phi2(z), p2, 1e-14 * p2) << z;
    EXPECT_NEAR(phi_of_noise(z) * phi_of_noise(z), twice, 1e-14 * twice) << z;
    const double b = phi_of_area(z);
    EXPECT_NEAR(p1 * p1 + b * b / 12, twice, 1e-14 * twice) << z;
    // Cov[int e^{z(1-u)} dW, H] / Var[H], which b must approach.
    const double best = 12 * integral([&](double u) { return std::exp((1 - u) * z) * (0.5 - u); });
    EXPECT_NEAR(b, best, std::abs(z) < 2 ? 0.05 * std::abs(z * z * z) + 1e-14 : 50) << z;
    EXPECT_GE(b * z, 0);
  }
  // Small differences at full precision: b = z (1 + z/2 + ...).
  EXPECT_NEAR(phi_of_area(1e-9) / 1e-9, 1, 1e-8);
  EXPECT_NEAR(phi_of_area(-1 - 1e-12), phi_of_area(-1 + 1e-12), 1e-11);
  EXPECT_NEAR(phi2(-1 - 1e-12), phi2(-1 + 1e-12), 1e-12);
}

TEST(Phi, MatricesAreTheirEigenvaluesFunctions) {
  Eigen::Matrix2d S;
  S << 2, 1, -1, 0.5;
  const Two z(-3.0, 0.4);
  const Eigen::Matrix2d inverse = S.inverse();
  const auto with = [&](const auto& f) {
    return Eigen::Matrix2d(S * Eigen::Vector2d(f(z[0]), f(z[1])).asDiagonal() * inverse);
  };
  const detail::Exponentials of(with([](double v) { return v; }));
  EXPECT_LT((of.exp - with([](double v) { return std::exp(v); })).norm(), 1e-13);
  EXPECT_LT((of.phi1 - with([](double v) { return phi1(v); })).norm(), 1e-13);
  EXPECT_LT((of.phi2 - with([](double v) { return phi2(v); })).norm(), 1e-13);
  EXPECT_LT((of.area - with([](double v) { return 6 * phi1(v) - 12 * phi2(v); })).norm(), 1e-12);
}

/// dX = (A X + mu) dt + sigma dW with A a number or the diagonal of a matrix.
template <class A>
struct Linear {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  A a;
  double mu, sigma;
  A linear_part() const { return a; }
  template <class X>
  X remainder(const X& x, double) const {
    return X(x * 0.0 + mu);
  }
  template <class X>
  X drift(const X& x, double) const {
    return X(a * x + mu);
  }
  template <class X>
  double diffusion(const X&, double) const {
    return sigma;
  }
};

// x' = m + w W + k H: mean m and variance h (w^2 + k^2/12) must be those of the process, at any h.
TEST(Exponential, LinearEquationsAreExactInLawAtAnyStep) {
  for (const double a : {-2000.0, -3.0, -1e-7, 0.0, 0.6}) {
    for (const double h : {1e-3, 0.5, 4.0}) {
      const Linear<double> sde{a, 0.7, 1.3};
      const double x0 = 1.9;
      const double mean = std::exp(a * h) * x0 + h * phi1(a * h) * 0.7;
      const double variance = 1.3 * 1.3 * h * phi1(2 * a * h);
      const ExponentialEuler euler;
      const auto euler_at = [&](double W) {
        return euler.step(sde, x0, 0, h, Increment<double>{W});
      };
      EXPECT_NEAR(euler_at(0), mean, 1e-13 * std::abs(mean));
      const double w = euler_at(1) - euler_at(0);
      EXPECT_NEAR(w * w * h, variance, 1e-12 * variance);
      const auto sra_at = [&](double W, double H) {
        return ExponentialSRA1{}.step(sde, x0, 0, h, SpaceTimeIncrement<double>{W, H});
      };
      EXPECT_NEAR(sra_at(0, 0), mean, 1e-13 * std::abs(mean));
      const double v = sra_at(1, 0) - sra_at(0, 0), k = sra_at(0, 1) - sra_at(0, 0);
      EXPECT_NEAR((v * v + k * k / 12) * h, variance, 1e-12 * variance) << a << " " << h;
    }
  }
}

TEST(Exponential, ADiagonalIsManyNumbers) {
  const Linear<Two> both{Two(-50, 0.3), 0.7, 1.3};
  const Two x(1, -2), W(0.2, -0.1), H(0.03, 0.05);
  const Two next = ExponentialSRA1{}.step(both, x, 0, 0.5, SpaceTimeIncrement<Two>{W, H});
  const Two euler = ExponentialEuler{}.step(both, x, 0, 0.5, Increment<Two>{W});
  for (int i = 0; i < 2; ++i) {
    const Linear<double> one{both.a[i], 0.7, 1.3};
    EXPECT_NEAR(next[i],
                ExponentialSRA1{}.step(one, x[i], 0, 0.5, SpaceTimeIncrement<double>{W[i], H[i]}),
                1e-14);
    EXPECT_NEAR(
        euler[i], ExponentialEuler{}.step(one, x[i], 0, 0.5, Increment<double>{W[i]}), 1e-14);
  }
}

/// A damped oscillator kicked by noise: the linear part is a matrix.
struct Oscillator {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  Eigen::Matrix2d linear_part() const {
    Eigen::Matrix2d A;
    A << 0, 1, -400, -2;
    return A;
  }
  template <class T>
  Vector<T, 2> remainder(const Vector<T, 2>& x, double) const {
    return x * 0.0;
  }
  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    return Vector<T, 2>(x[1], T(-400) * x[0] - T(2) * x[1]);
  }
  template <class T>
  Two diffusion(const Vector<T, 2>&, double) const {
    return Two(0, 1);
  }
};

TEST(Exponential, AMatrixIsExactInTheMeanAndItsVarianceConverges) {
  const Oscillator oscillator;
  const Two x(1, 0), zero(0, 0);
  const double h = 0.7;
  const Eigen::Matrix2d hA = h * oscillator.linear_part();
  const Eigen::Vector2d mean = hA.exp() * x.matrix();
  const Two euler = ExponentialEuler{}.step(oscillator, x, 0, h, Increment<Two>{zero});
  const Two sra = ExponentialSRA1{}.step(oscillator, x, 0, h, SpaceTimeIncrement<Two>{zero, zero});
  EXPECT_LT((euler.matrix() - mean).norm(), 1e-12);
  EXPECT_LT((sra.matrix() - mean).norm(), 1e-12);
  // Covariance of one step, int e^{As} b b^T e^{A^T s} ds, against that of the scheme: halving the
  // step must divide the error by 2^5 (given W and H, the rest is h^5).
  const auto error = [&](double step) {
    const auto exact = [&](int i, int j) {
      return step * integral([&](double u) {
               const Eigen::Matrix2d e = (u * step * oscillator.linear_part()).exp();
               return e(i, 1) * e(j, 1);
             });
    };
    const auto at = [&](double W, double H) {
      return Eigen::Vector2d(
          ExponentialSRA1{}
              .step(oscillator, zero, 0, step, SpaceTimeIncrement<Two>{Two(0, W), Two(0, H)})
              .matrix());
    };
    const Eigen::Vector2d w = at(1, 0), k = at(0, 1);
    return std::abs(step * (w[1] * w[1] + k[1] * k[1] / 12) - exact(1, 1));
  };
  EXPECT_NEAR(std::log2(error(0.01) / error(0.005)), 5, 0.3);
}

/// A proof problem with a linear part split off.
template <class P>
struct Split : P {
  double linear_part() const { return -0.7; }
  template <class X>
  X remainder(const X& x, double t) const {
    return X(this->drift(x, t)) + 0.7 * x;
  }
};

template <class P, class M>
void expect_proved(const P& problem, const M& method) {
  const auto row = verify::prove(problem, method);
  EXPECT_TRUE(row.holds) << row.method << " on " << row.problem << ": strong " << row.strong_proved
                         << ", weak " << row.weak_proved << "; " << row.weakest;
}
TEST(Exponential, OrdersAreProved) {
  using verify::ProveAdditiveMatrix, verify::ProveOne, verify::ProveGeneral;
  expect_proved(Split<ProveAdditiveMatrix>{}, ExponentialEuler{});
  expect_proved(Split<ProveAdditiveMatrix>{}, ExponentialSRA1{});
  expect_proved(Split<ProveOne<Calculus::ito>>{}, ExponentialEuler{});
  expect_proved(Split<ProveGeneral<Calculus::ito, 2>>{}, ExponentialEuler{});
}

/// Additive noise and a remainder that is not linear.
struct Sine {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  double linear_part() const { return -2; }
  template <class X>
  auto remainder(const X& x, double t) const {
    using std::sin;
    return 3 * sin(2 * x) + t;
  }
  template <class X>
  auto drift(const X& x, double t) const {
    return -2 * x + remainder(x, t);
  }
  template <class X>
  auto diffusion(const X&, double t) const {
    return 0.5 + 0.5 * t;
  }
};

// With no linear part and constant noise it is SRA1, whose text is another.
struct SineWithoutLinearPart : Sine {
  double linear_part() const { return 0; }
  template <class X>
  auto diffusion(const X&, double) const {
    return 0.5;
  }
  template <class X>
  auto remainder(const X& x, double t) const {
    return drift(x, t);
  }
};
TEST(Exponential, WithoutALinearPartItIsSRA1) {
  const SpaceTimeIncrement<double> dB{0.3, -0.05};
  EXPECT_NEAR(ExponentialSRA1{}.step(SineWithoutLinearPart{}, 0.4, 0.2, 0.1, dB),
              SRA1{}.step(SineWithoutLinearPart{}, 0.4, 0.2, 0.1, dB),
              1e-14);
}

// A stiff reaction, lambda = -1000, with steps of 0.1: Euler-Maruyama multiplies errors by 99.
struct StiffReaction : Sine {
  double linear_part() const { return -1000; }
  template <class X>
  auto remainder(const X& x, double t) const {
    using std::sin;
    return 1000 * sin(t) + sin(x);
  }
  template <class X>
  auto drift(const X& x, double t) const {
    return -1000 * x + remainder(x, t);
  }
};
TEST(Exponential, StableWhereEulerMaruyamaIsNot) {
  const auto grid = uniform_grid(0, 10, 100);
  const auto euler = solve(StiffReaction{}, ExponentialEuler{}, 5.0, grid, PathId{2});
  const auto sra = solve(StiffReaction{}, ExponentialSRA1{}, 5.0, grid, PathId{2});
  EXPECT_NEAR(euler.x, std::sin(10.0), 1);
  EXPECT_NEAR(sra.x, std::sin(10.0), 1);
  const auto explicit_euler = solve(StiffReaction{}, EulerMaruyama{}, 5.0, grid, PathId{2});
  EXPECT_GT(std::abs(explicit_euler.x), 1e100);
}

}  // namespace
}  // namespace stochflow
