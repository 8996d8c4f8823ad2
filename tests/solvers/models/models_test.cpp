// Closed-form moments against the moment equations integrated as ordinary differential equations,
// and simulated ensembles against the closed forms (|z| < 5.5 on 10 statistics).

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/cir.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow {
namespace {

using Two = Vector<double, 2>;
const Dopri5 tight{1e-12, 1e-12};

TEST(Models, OrnsteinUhlenbeckMoments) {
  const OrnsteinUhlenbeck ou;
  const auto moments = solve_ode(
      [&](const Two& m, double) {
        return Two(ou.theta * (ou.mu - m[0]), -2 * ou.theta * m[1] + ou.sigma * ou.sigma);
      },
      tight,
      Two(1.2, 0),
      0,
      0.9);
  EXPECT_NEAR(ou.mean(1.2, 0.9), moments.x[0], 1e-10);
  EXPECT_NEAR(ou.variance(0.9), moments.x[1], 1e-10);
}

// The joint law of (W, H, I): its coefficients over independent W, H, z give the covariances, and
// these are integrals of the kernels 1, 1/2 - s/h and exp(-theta (h - s)).
TEST(Models, OrnsteinUhlenbeckNoiseIntegral) {
  const OrnsteinUhlenbeck ou{.theta = 2.5, .mu = 0, .sigma = 1};
  const double h = 0.3;
  const double w = ou.noise_integral(h, 1, 0, 0), a = ou.noise_integral(h, 0, 1, 0),
               z = ou.noise_integral(h, 0, 0, 1);
  const auto kernel = [&](double s) { return std::exp(-ou.theta * (h - s)); };
  const auto integral = [&](const auto& f) {
    return boost::math::quadrature::gauss_kronrod<double, 31>::integrate(f, 0.0, h);
  };
  EXPECT_NEAR(w * h, integral(kernel), 1e-14);
  EXPECT_NEAR(a * h / 12, integral([&](double s) { return kernel(s) * (0.5 - s / h); }), 1e-14);
  const double variance = integral([&](double s) { return kernel(s) * kernel(s); });
  EXPECT_NEAR(w * w * h + a * a * h / 12 + z * z, variance, 1e-14);
}

TEST(Models, CirMoments) {
  const CoxIngersollRoss cir;
  const auto moments = solve_ode(
      [&](const Two& m, double) {
        return Two(cir.kappa * (cir.theta - m[0]),
                   -2 * cir.kappa * m[1] + cir.sigma * cir.sigma * m[0]);
      },
      tight,
      Two(0.09, 0),
      0,
      0.7);
  EXPECT_NEAR(cir.mean(0.09, 0.7), moments.x[0], 1e-12);
  EXPECT_NEAR(cir.variance(0.09, 0.7), moments.x[1], 1e-12);
}

TEST(Models, GbmMoments) {
  const GeometricBrownianMotion gbm{.mu = 0.3, .sigma = 0.4};
  const auto moments = solve_ode(
      [&](const Two& m, double) {
        return Two(gbm.mu * m[0], (2 * gbm.mu + gbm.sigma * gbm.sigma) * m[1]);
      },
      tight,
      Two(2, 4),
      0,
      1.5);
  EXPECT_NEAR(gbm.mean(2, 1.5), moments.x[0], 1e-10);
  EXPECT_NEAR(gbm.variance(2, 1.5), moments.x[1] - moments.x[0] * moments.x[0], 1e-9);
}

double z_of_mean(const Moments& m, double exact) {
  return (m.mean() - exact) / m.mean_standard_error();
}
double z_of_variance(const Moments& m, double exact) {
  return (m.variance() - exact) / m.variance_standard_error();
}

TEST(Models, EnsemblesAgreeWithTheirMoments) {
  const EnsembleOptions options{.trajectories = 20000, .seed = 12};
  const auto grid = uniform_grid(0, 1, 200);
  const OrnsteinUhlenbeck ou;
  const auto a = simulate(ou, Heun{}, 1.0, grid, options).moments[0][0];
  EXPECT_LT(std::abs(z_of_mean(a, ou.mean(1, 1))), 5.5);
  EXPECT_LT(std::abs(z_of_variance(a, ou.variance(1))), 5.5);
  const GeometricBrownianMotion gbm;
  const auto b = simulate(gbm, Milstein{}, 1.0, grid, options).moments[0][0];
  EXPECT_LT(std::abs(z_of_mean(b, gbm.mean(1, 1))), 5.5);
  EXPECT_LT(std::abs(z_of_variance(b, gbm.variance(1, 1))), 5.5);
  const CoxIngersollRoss cir;
  const auto c = simulate(cir, Milstein{}, 0.04, grid, options).moments[0][0];
  EXPECT_LT(std::abs(z_of_mean(c, cir.mean(0.04, 1))), 5.5);
  EXPECT_LT(std::abs(z_of_variance(c, cir.variance(0.04, 1))), 5.5);
  const Heston heston;
  const auto d = simulate(heston, EulerMaruyama{}, Two(0, 0.04), grid, options, [](const Two& x) {
                   return std::vector<double>{std::exp(x[0]), x[1]};
                 }).moments[0];
  EXPECT_LT(std::abs(z_of_mean(d[0], heston.mean_price(1, 1))), 5.5);
  EXPECT_LT(std::abs(z_of_mean(d[1], heston.mean_variance(0.04, 1))), 5.5);
  EXPECT_LT(std::abs(z_of_variance(d[1], heston.variance_of_variance(0.04, 1))), 5.5);
}

// The Euler step knows the correlation of Heston's two noises: E[dlogS dv] = rho xi v h.
TEST(Models, HestonCorrelation) {
  const Heston heston;
  const Two x(0, 0.09);
  const Eigen::Matrix2d g = heston.diffusion(x, 0);
  const Eigen::Matrix2d covariance = g * g.transpose();
  EXPECT_NEAR(covariance(0, 0), 0.09, 1e-15);
  EXPECT_NEAR(covariance(1, 1), heston.xi * heston.xi * 0.09, 1e-15);
  EXPECT_NEAR(covariance(0, 1), heston.rho * heston.xi * 0.09, 1e-15);
}

TEST(Models, DoubleWellForceIsThePotentialsSlope) {
  const DoubleWell well;
  for (const double x : {-1.3, -0.4, 0.2, 1.7}) {
    const double slope = (well.potential(x + 1e-6) - well.potential(x - 1e-6)) / 2e-6;
    EXPECT_NEAR(well.drift(x, 0.0), -slope, 1e-8);
  }
  EXPECT_NEAR(well.potential(0) - well.potential(1), well.a / 4, 1e-15);
}

TEST(Models, LorenzFixedPointsAreStationary) {
  const StochasticLorenz lorenz;
  const double c = std::sqrt(lorenz.b * (lorenz.r - 1));
  const auto f = lorenz.drift(Vector<double, 3>(c, c, lorenz.r - 1), 0);
  EXPECT_LT(f.abs().maxCoeff(), 1e-13);
}

}  // namespace
}  // namespace stochflow
