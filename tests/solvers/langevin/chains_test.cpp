#include "stochflow/langevin/chains.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>

#include "stochflow/langevin/diagnostics.hpp"
#include "stochflow/langevin/mala.hpp"
#include "stochflow/langevin/overdamped.hpp"
#include "stochflow/langevin/ula.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using X = Vector<double, 2>;

// A normal density with means (1, -2), variances (1, 0.5) and correlation 0.6.
const Eigen::Matrix2d covariance = [] {
  const double c = 0.6 * std::sqrt(0.5);
  Eigen::Matrix2d C;
  C << 1, c, c, 0.5;
  return C;
}();
const Eigen::Matrix2d precision = covariance.inverse();
const X mean(1, -2);
const Target normal_target{[](const X& x) {
                             const Eigen::Vector2d d = (x - mean).matrix();
                             return 0.5 * d.dot(precision * d);
                           },
                           [](const X& x) { return X((precision * (x - mean).matrix()).array()); }};

// U = x^4/4 - x^2/2 + 0.3 x: two unequal wells.
const Target wells{[](double x) { return 0.25 * x * x * x * x - 0.5 * x * x + 0.3 * x; },
                   [](double x) { return x * x * x - x + 0.3; }};

template <class X1>
void expect_moment(const std::vector<Chain<X1>>& chains,
                   const std::function<double(const X1&)>& f,
                   double exact) {
  const auto summary = summarise(values_of(chains, f));
  EXPECT_LT(std::abs(summary.mean - exact), 6 * summary.standard_error)
      << summary.mean << " +- " << summary.standard_error << ", exact " << exact;
  EXPECT_LT(summary.r_hat, 1.02);
}

TEST(Mala, MomentsOfANormalTarget) {
  const auto chains = sample_chains(
      normal_target, MALA{0.35}, scattered_starts(mean, 3.0, 4, 1), {.draws = 20000, .seed = 4});
  for (const auto& chain : chains) {
    EXPECT_GT(chain.acceptance, 0.4);
    EXPECT_LT(chain.acceptance, 0.95);
    EXPECT_TRUE(chain.outcome.ok());
  }
  expect_moment<X>(
      chains, [](const X& x) { return x[0]; }, 1);
  expect_moment<X>(
      chains, [](const X& x) { return x[1]; }, -2);
  expect_moment<X>(
      chains, [](const X& x) { return (x[0] - 1) * (x[0] - 1); }, 1);
  expect_moment<X>(
      chains, [](const X& x) { return (x[1] + 2) * (x[1] + 2); }, 0.5);
  expect_moment<X>(
      chains, [](const X& x) { return (x[0] - 1) * (x[1] + 2); }, covariance(0, 1));
}

TEST(Mala, MomentsOfUnequalWellsAtALargeStep) {
  double moment[3] = {0, 0, 0};
  for (int i = 0; i <= 12000; ++i) {  // the trapezoidal rule converges exponentially here
    const double x = -6 + i * 1e-3, w = std::exp(-wells.potential(x));
    for (int p = 0; p < 3; ++p) moment[p] += w * std::pow(x, p);
  }
  const auto chains = sample_chains(
      wells, MALA{0.6}, std::vector<double>{-2, -1, 1, 2}, {.draws = 40000, .seed = 7});
  expect_moment<double>(
      chains, [](double x) { return x; }, moment[1] / moment[0]);
  expect_moment<double>(
      chains, [](double x) { return x * x; }, moment[2] / moment[0]);
}

/// log q(y | x), the density of the proposal.
double log_proposal(const X& x, const X& y, double eps) {
  const X d = y - x + eps * normal_target.gradient(x);
  double log_density = 0;
  for (int i = 0; i < 2; ++i) {
    log_density += -d[i] * d[i] / (4 * eps) - 0.5 * std::log(4 * 3.14159265358979323846 * eps);
  }
  return log_density;
}

TEST(Mala, AcceptanceIsTheRatioOfDensitiesAndBalances) {
  const MALA mala{0.4};
  const RandomStream stream(12, Purpose::probe);
  for (std::uint64_t k = 0; k < 100; ++k) {
    const X x = 2.0 * standard_normals(stream, k, 0, mean);
    const X y = 2.0 * standard_normals(stream, k, 1, mean);
    const auto at_x = mala.start(normal_target, x), at_y = mala.start(normal_target, y);
    const double flow_to_y = -normal_target.potential(x) + log_proposal(x, y, mala.step);
    const double flow_to_x = -normal_target.potential(y) + log_proposal(y, x, mala.step);
    const double log_a = mala.log_acceptance(at_x, at_y), log_b = mala.log_acceptance(at_y, at_x);
    EXPECT_NEAR(log_a, flow_to_x - flow_to_y, 1e-11);
    EXPECT_NEAR(flow_to_y + std::min(0.0, log_a), flow_to_x + std::min(0.0, log_b), 1e-11);
  }
}

TEST(Mala, RejectsWhereTheDensityIsNotANumber) {
  const Target half_line{[](double x) { return x > 0 ? 0.5 * x * x : NAN; },
                         [](double x) { return x; }};
  const auto chains =
      sample_chains(half_line, MALA{0.5}, std::vector<double>{1.0}, {.draws = 5000, .seed = 3});
  EXPECT_TRUE(chains[0].outcome.ok());
  EXPECT_LT(chains[0].acceptance, 0.9);
  for (double x : chains[0].draws) EXPECT_GT(x, 0);
}

// With eps = 0.8 and unit variance ULA has variance 1/(1 - 0.4); MALA has 1.
TEST(Ula, HasItsKnownBias) {
  const Target unit{[](double x) { return 0.5 * x * x; }, [](double x) { return x; }};
  const std::vector<double> starts{-2, -1, 1, 2};
  const ChainOptions options{.draws = 20000, .seed = 2};
  const auto square = [](double x) { return x * x; };
  expect_moment<double>(sample_chains(unit, ULA{0.8}, starts, options), square, 1 / 0.6);
  expect_moment<double>(sample_chains(unit, MALA{0.8}, starts, options), square, 1);
}

TEST(Ula, IsEulerMaruyama) {
  const OverdampedLangevin sde{wells.gradient};
  const auto run = solve(sde, EulerMaruyama{}, 0.5, uniform_grid(0, 1, 16), PathId{9, 1});
  const auto chains = sample_chains(
      wells, ULA{1.0 / 16}, std::vector<double>{0, 0.5}, {.draws = 16, .warm_up = 0, .seed = 9});
  EXPECT_NEAR(chains[1].draws.back(), run.x, 1e-13);
  EXPECT_EQ(chains[1].acceptance, 1);
}

TEST(Chains, AreTheSameForAnyNumberOfThreadsAndOtherChains) {
  const auto starts = scattered_starts(mean, 1.0, 5, 1);
  const auto run = [&](std::size_t count, int threads) {
    return sample_chains(normal_target,
                         MALA{0.35},
                         std::vector<X>(starts.begin(), starts.begin() + std::ptrdiff_t(count)),
                         {.draws = 200, .warm_up = 10, .seed = 8, .threads = threads});
  };
  const auto one = run(5, 1), three = run(5, 3), fewer = run(2, 2);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(one[k].acceptance, three[k].acceptance);
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_TRUE((one[k].draws[i] == three[k].draws[i]).all());
      EXPECT_TRUE(k >= 2 || (one[k].draws[i] == fewer[k % 2].draws[i]).all());
    }
  }
}

TEST(Chains, WarmUpAndThinning) {
  const std::vector<double> starts{0.5};
  const auto all = sample_chains(wells, MALA{0.3}, starts, {.draws = 30, .warm_up = 0, .seed = 1});
  const auto some =
      sample_chains(wells, MALA{0.3}, starts, {.draws = 5, .warm_up = 15, .thin = 3, .seed = 1});
  ASSERT_EQ(some[0].draws.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(some[0].draws[i], all[0].draws[15 + 3 * i + 2]);
  }
}

TEST(Chains, ADivergedChainIsAnOutcome) {
  const auto chains = sample_chains(
      wells, ULA{0.5}, std::vector<double>{0.5, 50}, {.draws = 100, .warm_up = 0, .seed = 1});
  EXPECT_EQ(chains[1].outcome.status, Status::not_finite);
  EXPECT_LT(chains[1].draws.size(), 100u);
}

TEST(Chains, RefusesNonsense) {
  const std::vector<double> starts{0.5};
  EXPECT_THROW(sample_chains(wells, MALA{0.0}, starts), std::invalid_argument);
  EXPECT_THROW(sample_chains(wells, MALA{0.1}, std::vector<double>{}), std::invalid_argument);
  EXPECT_THROW(sample_chains(wells, ULA{0.1}, starts, {.thin = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
