#include "stochflow/diffusion/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <vector>

namespace stochflow::diffusion {
namespace {

using Real = long double;

/// The published formulas, in long double: integral of beta, then mean factor, standard deviation,
/// f and g of the SDE.
struct Published {
  std::function<Real(Real)> alpha, sigma, f, g;
};

struct Case {
  Schedule schedule;
  Published formula;
};

constexpr Real b0 = 0.1L, b1 = 20;
Real beta(Real t) { return b0 + t * (b1 - b0); }
Real log_mean(Real t) { return -t * t * (b1 - b0) / 4 - t * b0 / 2; }
Real zero(Real) { return 0; }
Real one(Real) { return 1; }

// Nichol and Dhariwal 2021, eq. (17): f(t) = cos^2((t + s)/(1 + s) pi/2), alpha^2 = f(t)/f(0), and
// beta = -d ln(alpha^2)/dt as the diffusion of the chain.
constexpr Real offset = 0.008L, quarter = std::numbers::pi_v<Real> / 2;
Real theta(Real t) { return (t + offset) / (1 + offset) * quarter; }
Real cosine_alpha(Real t) { return std::cos(theta(t)) / std::cos(theta(0)); }
Real cosine_sigma(Real t) {
  return std::sqrt(std::sin(theta(t) - theta(0)) * std::sin(theta(t) + theta(0))) /
         std::cos(theta(0));
}
Real cosine_f(Real t) { return -std::tan(theta(t)) * quarter / (1 + offset); }
Real cosine_g(Real t) { return std::sqrt(-2 * cosine_f(t)); }

std::vector<Case> cases() {
  const Real log25 = std::log(25.0L), ratio = std::log(50 / 0.01L), slope = 21;
  return {
      {vp(),
       {[](Real t) { return std::exp(log_mean(t)); },
        [](Real t) { return std::sqrt(-std::expm1(2 * log_mean(t))); },
        [](Real t) { return -beta(t) / 2; },
        [](Real t) { return std::sqrt(beta(t)); }}},
      {sub_vp(),
       {[](Real t) { return std::exp(log_mean(t)); },
        [](Real t) { return -std::expm1(2 * log_mean(t)); },
        [](Real t) { return -beta(t) / 2; },
        [](Real t) { return std::sqrt(beta(t) * -std::expm1(-2 * b0 * t - (b1 - b0) * t * t)); }}},
      {ve(),
       {one,
        [=](Real t) { return 0.01L * std::exp(t * ratio); },
        zero,
        [=](Real t) { return 0.01L * std::exp(t * ratio) * std::sqrt(2 * ratio); }}},
      {sigma_t(),
       {one,
        [=](Real t) { return std::sqrt(std::expm1(2 * t * log25) / (2 * log25)); },
        zero,
        [=](Real t) { return std::exp(t * log25); }}},
      {ve_linear(),
       {one, [](Real t) { return 50 * t; }, zero, [](Real t) { return 50 * std::sqrt(2 * t); }}},
      {cosine(), {cosine_alpha, cosine_sigma, cosine_f, cosine_g}},
      {flow(),
       {[](Real t) { return 1 - t; },
        [](Real t) { return t; },
        [](Real t) { return -1 / (1 - t); },
        [](Real t) { return std::sqrt(2 * t / (1 - t)); }}},
      {edm(), {one, [](Real t) { return t; }, zero, [](Real t) { return std::sqrt(2 * t); }}},
      {linear_log_snr(),
       {[=](Real t) { return 1 / std::sqrt(1 + std::exp(-16 + slope * t)); },
        [=](Real t) { return 1 / std::sqrt(1 + std::exp(16 - slope * t)); },
        [=](Real t) { return -slope / 2 / (1 + std::exp(16 - slope * t)); },
        [=](Real t) { return std::sqrt(slope / (1 + std::exp(16 - slope * t))); }}},
  };
}

std::vector<double> times(const Schedule& schedule) {
  const double t1 = schedule.t1;
  return {1e-8 * t1,
          1e-7 * t1,
          1e-5 * t1,
          1e-4 * t1,
          1e-3 * t1,
          0.01 * t1,
          0.1 * t1,
          0.3 * t1,
          0.5 * t1,
          0.7 * t1,
          0.9 * t1,
          0.99 * t1,
          t1};
}

void expect_close(double found, Real expected, Real relative) {
  EXPECT_LE(std::abs(found - expected), relative * std::abs(expected))
      << "found " << found << ", expected " << static_cast<double>(expected);
}

TEST(Schedule, MarginalsAndSdeAreThePublishedOnesDownToTinyTimes) {
  for (const Case& c : cases()) {
    for (const double t : times(c.schedule)) {
      SCOPED_TRACE(c.schedule.name + " at t = " + std::to_string(t));
      const Level level = c.schedule.at(t);
      const Real alpha = c.formula.alpha(t), sigma = c.formula.sigma(t);
      EXPECT_EQ(level.t, t);
      expect_close(level.alpha(), alpha, 2e-14L);
      expect_close(level.sigma, sigma, 2e-14L);
      expect_close(level.scale(), std::hypot(alpha, sigma), 2e-14L);
      expect_close(level.sigma_hat(), sigma / alpha, 2e-14L);
      EXPECT_NEAR(level.gamma, static_cast<double>(2 * std::log(sigma / alpha)), 1e-13);
      expect_close(level.f(), c.formula.f(t), 2e-14L);
      expect_close(level.g(), c.formula.g(t), 2e-14L);
      expect_close(level.g_squared(), c.formula.g(t) * c.formula.g(t), 4e-14L);
    }
  }
}

TEST(Schedule, DerivativesAreThoseOfTheMarginals) {
  for (const Case& c : cases()) {
    for (const double t : times(c.schedule)) {
      SCOPED_TRACE(c.schedule.name + " at t = " + std::to_string(t));
      // Central differences, extrapolated once: error about (h/t)^4 relative, rounding 1e-18/h.
      // The cosine and the straight path are singular at t = 1.
      const bool singular = c.schedule.name == "cosine" || c.schedule.name == "flow";
      const Real h = 1e-3L * (singular ? std::min<Real>(t, 1 - static_cast<Real>(t)) : t);
      const auto slope = [&](const auto& function) {
        const auto central = [&](Real d) { return (function(t + d) - function(t - d)) / (2 * d); };
        return (4 * central(h / 2) - central(h)) / 3;
      };
      const auto log_alpha = [&](Real u) { return std::log(c.formula.alpha(u)); };
      const auto gamma = [&](Real u) {
        return 2 * std::log(c.formula.sigma(u) / c.formula.alpha(u));
      };
      const Level level = c.schedule.at(t);
      const auto expect_slope = [&](double found, Real expected) {
        EXPECT_LE(std::abs(found - expected), 1e-10L * std::abs(expected) + 2e-17L / h)
            << "found " << found << ", expected " << static_cast<double>(expected);
      };
      expect_slope(level.d_log_alpha, slope(log_alpha));
      expect_slope(level.d_gamma, slope(gamma));
    }
  }
}

TEST(Schedule, TimeOfInvertsGamma) {
  for (const Case& c : cases()) {
    for (const double t : times(c.schedule)) {
      SCOPED_TRACE(c.schedule.name + " at t = " + std::to_string(t));
      const Level level = c.schedule.at(t);
      // An ulp of gamma moves t by ulp / (dgamma/dt).
      const double tolerance = 4e-15 * (t + (1 + std::abs(level.gamma)) / level.d_gamma);
      EXPECT_NEAR(c.schedule.time_of(level.gamma), t, tolerance);
    }
  }
  // Far outside [t0, t1] nothing overflows.
  EXPECT_NEAR(vp().time_of(800), (-0.1 + std::sqrt(0.01 + 2 * 19.9 * 800)) / 19.9, 1e-12);
  EXPECT_GT(sub_vp().time_of(-60), 0);
}

TEST(Schedule, PriorIsTheNoiseLevelAtTheEnd) {
  for (const Case& c : cases()) {
    const Level end = c.schedule.at(c.schedule.t1);
    EXPECT_NEAR(c.schedule.prior_std, end.sigma, 0.005 * end.sigma) << c.schedule.name;
    EXPECT_LT(c.schedule.t0, c.schedule.t1);
  }
  EXPECT_NEAR(sigma_t().prior_std, std::sqrt(624 / (2 * std::log(25.0))), 1e-12);
}

TEST(Schedule, RestrictionCutsAtTheNetworksLevels) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.schedule.name);
    const double low = c.schedule.at(c.schedule.t0).gamma;
    const double high = c.schedule.at(c.schedule.t1).gamma;
    const Schedule cut = restricted(c.schedule, low + 1, high - 1);
    EXPECT_NEAR(cut.at(cut.t0).gamma, low + 1, 1e-9);
    EXPECT_NEAR(cut.at(cut.t1).gamma, high - 1, 1e-9);
    EXPECT_DOUBLE_EQ(cut.prior_std, cut.at(cut.t1).scale());
    const Schedule same = restricted(c.schedule, low - 1, high + 1);
    EXPECT_EQ(same.t0, c.schedule.t0);
    EXPECT_EQ(same.t1, c.schedule.t1);
    EXPECT_EQ(same.prior_std, c.schedule.prior_std);
    EXPECT_THROW(restricted(c.schedule, high + 1, high + 2), std::invalid_argument);
  }
}

TEST(Schedule, GridsGoFromTheEndToTheStart) {
  for (const Case& c : cases()) {
    for (const auto& grid : {uniform_times(c.schedule, 7), log_snr_times(c.schedule, 7)}) {
      ASSERT_EQ(grid.size(), 8U);
      EXPECT_EQ(grid.front(), c.schedule.t1);
      EXPECT_EQ(grid.back(), c.schedule.t0);
      for (std::size_t k = 1; k < grid.size(); ++k) EXPECT_LT(grid[k], grid[k - 1]);
    }
    const auto grid = log_snr_times(c.schedule, 7);
    const double step = c.schedule.at(grid[1]).gamma - c.schedule.at(grid[0]).gamma;
    for (std::size_t k = 1; k < grid.size(); ++k) {
      EXPECT_NEAR(c.schedule.at(grid[k]).gamma - c.schedule.at(grid[k - 1]).gamma, step, 1e-7) << k;
    }
  }
  EXPECT_THROW(uniform_times(vp(), 0), std::invalid_argument);
  EXPECT_THROW(log_snr_times(vp(), 0), std::invalid_argument);
}

TEST(Schedule, DiscreteChainsPassThroughTheirLevels) {
  const Schedule chain = ddpm(), levels = smld();
  Real alpha2 = 1;
  for (int k = 0; k < 1000; ++k) {
    alpha2 *= 1 - (1e-4L + (0.02L - 1e-4L) * k / 999);
    const Level level = chain.at(k / 999.0);
    expect_close(level.alpha(), std::sqrt(alpha2), 1e-11L);
    expect_close(level.sigma, std::sqrt(1 - alpha2), 1e-11L);
    EXPECT_NEAR(chain.time_of(level.gamma), k / 999.0, 1e-12);
  }
  for (int k = 0; k < 10; ++k) {
    const Level level = levels.at(k / 9.0);
    expect_close(level.sigma, 0.01L * std::pow(100.0L, k / 9.0L), 1e-12L);
    EXPECT_EQ(level.log_alpha, 0);
  }
  for (const Schedule& schedule : {chain, levels}) {
    for (double t = -0.05; t < 1.06; t += 0.00613) {
      const double h = 1e-6;
      const Level level = schedule.at(t), up = schedule.at(t + h), down = schedule.at(t - h);
      EXPECT_GT(level.d_gamma, 0);
      // The second derivative jumps at a level: an error of its size times h.
      EXPECT_NEAR((up.gamma - down.gamma) / (2 * h), level.d_gamma, 1e-3 * level.d_gamma + 1e-6);
      EXPECT_NEAR((up.log_alpha - down.log_alpha) / (2 * h),
                  level.d_log_alpha,
                  1e-3 * std::abs(level.d_log_alpha) + 1e-6);
      EXPECT_NEAR(schedule.time_of(level.gamma), t, 1e-12);
    }
  }
  EXPECT_THROW(discrete_vp(std::vector<double>{0.1}), std::invalid_argument);
  EXPECT_THROW(discrete_vp(std::vector<double>{0.1, 1}), std::invalid_argument);
  EXPECT_THROW(discrete_ve(std::vector<double>{1, 0.5}), std::invalid_argument);
}

TEST(Schedule, EveryNameMakesItsSchedule) {
  for (const std::string& name : schedule_names()) {
    EXPECT_EQ(schedule_by_name(name).name, name);
  }
  EXPECT_EQ(schedule_by_name("ve", {{"sigma_max", 7}}).prior_std, 7);
  EXPECT_EQ(schedule_by_name("smld", {{"n", 3}}).at(0.5).gamma, 2 * std::log(0.1));
  const auto message = [](const std::string& name, const std::map<std::string, double>& given) {
    try {
      schedule_by_name(name, given);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("no refusal");
  };
  EXPECT_NE(message("vpp", {}).find("no schedule 'vpp', but log-snr, vp"), std::string::npos);
  EXPECT_EQ(message("vp", {{"beta_max", 5}, {"sigma", 1}}),
            "schedule 'vp' has no parameter 'sigma', but beta_min, beta_max");
}

TEST(Schedule, RefusesParametersThatMakeNoSense) {
  EXPECT_THROW(vp(0, 20), std::invalid_argument);
  EXPECT_THROW(sub_vp(1, 0.5), std::invalid_argument);
  EXPECT_THROW(ve(1, 1), std::invalid_argument);
  EXPECT_THROW(ve(-1, 1), std::invalid_argument);
  EXPECT_THROW(sigma_t(1), std::invalid_argument);
  EXPECT_THROW(edm(0, 80), std::invalid_argument);
  EXPECT_THROW(ve_linear(2, 1), std::invalid_argument);
  EXPECT_THROW(cosine(0), std::invalid_argument);
  EXPECT_THROW(linear_log_snr(5, -5), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
