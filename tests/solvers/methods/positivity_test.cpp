// Square-root processes: schemes that cannot go negative, against exact moments and the exact law.
// |z| < 5.5 for each of 20 statistics.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/positivity/cir_implicit.hpp"
#include "stochflow/methods/positivity/quadratic_exponential.hpp"
#include "stochflow/models/cir_exact.hpp"
#include "stochflow/models/heston.hpp"

namespace stochflow {
namespace {

using Two = Vector<double, 2>;

/// E[f(Z)] for a standard normal Z, f smooth on both sides of `kink`.
double expect(const auto& f, double kink = 0) {
  const auto weighted = [&](double z) {
    return f(z) * std::exp(-0.5 * z * z) / std::sqrt(2 * 3.14159265358979323846);
  };
  // Pieces of length 1.5 at most, a fixed rule on each: smooth integrands are exact to rounding.
  double sum = 0;
  for (const auto& [from, to] : {std::pair(-9.0, kink), std::pair(kink, 9.0)}) {
    const int pieces = static_cast<int>((to - from) / 1.5) + 1;
    const double length = (to - from) / pieces;
    for (int k = 0; k < pieces; ++k) {
      sum += boost::math::quadrature::gauss<double, 20>::integrate(
          weighted, from + k * length, from + (k + 1) * length);
    }
  }
  return sum;
}
/// Where QE's exponential family leaves zero: Phi(Z) = p.
double kink_of(const QuadraticExponentialLaw& law) {
  if (law.quadratic) return 0;
  double low = -8, high = 8;
  while (high - low > 1e-14) {
    const double middle = 0.5 * (low + high);
    (law.at(middle) > 0 ? high : low) = middle;
  }
  return high;
}

/// A variance that hugs zero: 4 kappa theta = 0.08 < sigma^2 = 1.
const CoxIngersollRoss harsh{.kappa = 0.5, .theta = 0.04, .sigma = 1.0};
const CoxIngersollRoss mild{.kappa = 2.0, .theta = 0.09, .sigma = 0.3};

TEST(QuadraticExponential, MeanAndVarianceOfAStepAreExact) {
  for (const auto& cir : {harsh, mild}) {
    for (const double h : {0.01, 0.25, 2.0}) {
      for (const double x : {0.0, 0.003, 0.05, 0.4}) {
        const auto law = QuadraticExponential::law(cir.kappa, cir.theta, cir.sigma, x, h);
        const double kink = kink_of(law);
        const double mean = expect([&](double z) { return law.at(z); }, kink);
        const double square = expect([&](double z) { return law.at(z) * law.at(z); }, kink);
        EXPECT_NEAR(mean, cir.mean(x, h), 1e-9 * cir.mean(x, h)) << x << " " << h;
        const double second = cir.variance(x, h) + cir.mean(x, h) * cir.mean(x, h);
        EXPECT_NEAR(square, second, 1e-8 * second) << x << " " << h;
      }
    }
  }
}

// E[e^{-u X}] has a closed form (Cox, Ingersoll and Ross 1985). One step misses it by O(h^2): weak
// order 1.
TEST(QuadraticExponential, WeakOrderOne) {
  const double u = 3, x = 0.09;
  const auto error = [&](double h) {
    const auto law = QuadraticExponential::law(mild.kappa, mild.theta, mild.sigma, x, h);
    const double scheme = expect([&](double z) { return std::exp(-u * law.at(z)); }, kink_of(law));
    const CirTransition exact(mild, x, h);
    const double s = 1 + 2 * u * exact.scale;
    return std::abs(scheme - std::exp(-u * exact.scale * exact.noncentrality / s) *
                                 std::pow(s, -0.5 * exact.degrees));
  };
  EXPECT_GT(std::log2(error(0.1) / error(0.05)), 1.9);
  EXPECT_LT(error(0.1), 1e-4);
}

// With steps of a quarter of a year on a variance that hugs zero: exact moments, never negative,
// where full-truncation Euler is far off.
TEST(QuadraticExponential, LongStepsNearZero) {
  const EnsembleOptions options{.trajectories = 40000, .seed = 21};
  const auto grid = uniform_grid(0, 2, 8);
  const auto qe = simulate(harsh, QuadraticExponential{}, 0.04, grid, options).moments[0][0];
  EXPECT_LT(std::abs(qe.mean() - harsh.mean(0.04, 2)) / qe.mean_standard_error(), 5.5);
  EXPECT_LT(std::abs(qe.variance() - harsh.variance(0.04, 2)) / qe.variance_standard_error(), 5.5);
  const auto euler = simulate(harsh, EulerMaruyama{}, 0.04, grid, options).moments[0][0];
  EXPECT_GT(std::abs(euler.variance() - harsh.variance(0.04, 2)) / euler.variance_standard_error(),
            10);
  for (std::uint64_t k = 0; k < 200; ++k) {
    double lowest = 1;
    solve(harsh, QuadraticExponential{}, 0.04, grid, PathId{3, k}, {}, [&](double x, double) {
      lowest = std::min(lowest, x);
    });
    EXPECT_GE(lowest, 0);
  }
}

/// E[S_h]/S_0 of one Heston step by quadrature over both normals.
double price_growth(const Heston& heston, const QuadraticExponential& method, double v, double h) {
  const auto law = QuadraticExponential::law(heston.kappa, heston.theta, heston.xi, v, h);
  const double rho = heston.rho, perp = std::sqrt(1 - rho * rho), root_h = std::sqrt(h);
  return expect(
      [&](double zv) {
        return expect([&](double zs) {
          // W with rho W1 + perp W2 = zv and perp W1 - rho W2 = zs (times sqrt(h)).
          const Two W(root_h * (rho * zv + perp * zs), root_h * (perp * zv - rho * zs));
          return std::exp(method.step(heston, Two(0, v), 0, h, Increment<Two>{W})[0]);
        });
      },
      kink_of(law));
}

TEST(QuadraticExponential, HestonsDiscountedPriceIsAMartingale) {
  const Heston mild_heston,
      harsh_heston{.r = 0.02, .kappa = 0.5, .theta = 0.04, .xi = 1.0, .rho = -0.9};
  for (const double v : {0.001, 0.04, 0.3}) {
    EXPECT_NEAR(
        price_growth(mild_heston, QuadraticExponential{}, v, 0.5), std::exp(0.03 * 0.5), 1e-9);
    EXPECT_NEAR(price_growth(harsh_heston, QuadraticExponential{}, v, 1.0), std::exp(0.02), 1e-8);
  }
  // Without the correction it is not, at steps as long as these.
  EXPECT_GT(std::abs(price_growth(harsh_heston, {.martingale_correction = false}, 0.3, 1.0) -
                     std::exp(0.02)),
            1e-4);
}

TEST(QuadraticExponential, HestonEnsemble) {
  const Heston heston;
  const EnsembleOptions options{.trajectories = 40000, .seed = 22};
  const auto moments = simulate(heston,
                                QuadraticExponential{},
                                Two(0, 0.04),
                                uniform_grid(0, 1, 4),
                                options,
                                [](const Two& x) {
                                  return std::vector<double>{std::exp(x[0]), x[1]};
                                })
                           .moments[0];
  const auto z = [](double found, double exact, double error) {
    return std::abs(found - exact) / error;
  };
  EXPECT_LT(z(moments[0].mean(), heston.mean_price(1, 1), moments[0].mean_standard_error()), 5.5);
  EXPECT_LT(z(moments[1].mean(), heston.mean_variance(0.04, 1), moments[1].mean_standard_error()),
            5.5);
  EXPECT_LT(z(moments[1].variance(),
              heston.variance_of_variance(0.04, 1),
              moments[1].variance_standard_error()),
            5.5);
}

TEST(CirImplicit, SolvesItsEquation) {
  const double x = 0.05, h = 0.1, W = -0.4;
  const double next = CirImplicit{}.step(mild, x, 0, h, Increment<double>{W}), y = std::sqrt(next);
  const double a = (4 * mild.kappa * mild.theta - mild.sigma * mild.sigma) / 8;
  EXPECT_NEAR(y, std::sqrt(x) + h * (a / y - 0.5 * mild.kappa * y) + 0.5 * mild.sigma * W, 1e-14);
  const Two both(x, 0.2), increments(W, 0.3);
  const Two result = CirImplicit{}.step(mild, both, 0, h, Increment<Two>{increments});
  EXPECT_NEAR(result[0], next, 1e-16);
  EXPECT_THROW(CirImplicit{}.step(harsh, x, 0, h, Increment<double>{W}), std::invalid_argument);
}

// Strong order 1 for 2 kappa theta = 0.36 > 3 sigma^2 = 0.27: quartered steps, errors by 4; the
// reference has 1024 steps on the same path.
TEST(CirImplicit, StrongOrderOne) {
  double coarse = 0, fine = 0;
  for (std::uint64_t k = 0; k < 500; ++k) {
    const FreshIncrements<double> path(13, k);
    const auto end = [&](std::int64_t n) {
      return solve(mild, CirImplicit{}, 0.09, uniform_grid(0, 1, n), Coarsened(path, 1024 / n)).x;
    };
    const double exact = end(1024);
    coarse += std::pow(end(8) - exact, 2);
    fine += std::pow(end(32) - exact, 2);
  }
  EXPECT_NEAR(std::sqrt(coarse / fine), 4, 0.5);
}

/// Kolmogorov's distance times sqrt(n); above 3.2 with probability 2 exp(-2 3.2^2) = 3e-9.
double kolmogorov(std::vector<double> sample, const auto& cdf) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double worst = 0;
  for (std::size_t k = 0; k < sample.size(); ++k) {
    const double F = cdf(sample[k]);
    worst = std::max({worst, F - static_cast<double>(k) / n, static_cast<double>(k + 1) / n - F});
  }
  return worst * std::sqrt(n);
}

TEST(CirExact, NoncentralChiSquareHasItsDistribution) {
  const RandomStream stream(31, Purpose::exact_integral);
  // Both branches in d, both in the Poisson mean, and shapes below 1.
  for (const auto& [d, lambda] : std::vector<std::pair<double, double>>{
           {0.08, 0.5}, {0.6, 3}, {1, 60}, {0.3, 400}, {1.5, 0}, {4, 7}, {30, 500}}) {
    std::vector<double> sample(20000);
    for (std::size_t k = 0; k < sample.size(); ++k) {
      DrawBits bits(stream, k, static_cast<std::uint64_t>(100 * d + lambda));
      sample[k] = noncentral_chi_square(d, lambda, bits);
    }
    const boost::math::non_central_chi_squared_distribution<double> law(d, lambda);
    EXPECT_LT(kolmogorov(sample, [&](double x) { return x > 0 ? boost::math::cdf(law, x) : 0; }),
              3.2)
        << d << " " << lambda;
  }
}

TEST(CirExact, PoissonVariablesHaveTheirMoments) {
  const RandomStream stream(32, Purpose::exact_integral);
  for (const double mean : {0.0, 0.3, 9.5, 12.0, 400.0, 1e6}) {
    const int n = 20000;
    double sum = 0, squares = 0;
    for (int k = 0; k < n; ++k) {
      DrawBits bits(stream, static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(10 * mean));
      const double excess = poisson_variable(mean, bits) - mean;
      sum += excess;
      squares += excess * excess;
    }
    EXPECT_LE(std::abs(sum / n), 5.5 * std::sqrt(mean / n)) << mean;
    EXPECT_LE(std::abs(squares / n - mean), 5.5 * std::sqrt((mean + 2 * mean * mean) / n)) << mean;
  }
}

// One step of two years equals eight of a quarter in law: the moments of both.
TEST(CirExact, StepsCompose) {
  const RandomStream stream(33, Purpose::exact_integral);
  for (const int steps : {1, 8}) {
    Moments moments;
    for (std::uint64_t k = 0; k < 20000; ++k) {
      double x = 0.04;
      for (int n = 0; n < steps; ++n) {
        x = cir_exact_step(
            harsh, x, 2.0 / steps, stream, k, static_cast<std::uint64_t>(10 * steps + n));
      }
      moments.add(x);
    }
    EXPECT_LT(std::abs(moments.mean() - harsh.mean(0.04, 2)) / moments.mean_standard_error(), 5.5);
    EXPECT_LT(
        std::abs(moments.variance() - harsh.variance(0.04, 2)) / moments.variance_standard_error(),
        5.5);
  }
}

TEST(CirExact, MisuseIsSaid) {
  const RandomStream stream(34, Purpose::exact_integral);
  EXPECT_THROW(cir_exact_step(mild, -0.1, 1, stream, 0, 0), std::invalid_argument);
  DrawBits bits(stream, 0, 0);
  EXPECT_THROW(noncentral_chi_square(0, 1, bits), std::invalid_argument);
  EXPECT_THROW(QuadraticExponential::law(1, 1, 0, 1, 1), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
