#include "stochflow/langevin/diagnostics.hpp"

#include <gtest/gtest.h>

#include "stochflow/noise/normal.hpp"

namespace stochflow {
namespace {

/// x_{i+1} = phi x_i + (1 - phi^2)^(1/2) n: unit variance, started in its stationary law.
ChainValues autoregressive(double phi, std::size_t chains, std::size_t draws, std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::probe);
  ChainValues values(chains);
  for (std::size_t k = 0; k < chains; ++k) {
    double x = normal(stream, k, 0);
    for (std::size_t i = 1; i <= draws; ++i) {
      values[k].push_back(x);
      x = phi * x + std::sqrt(1 - phi * phi) * normal(stream, k, i);
    }
  }
  return values;
}

TEST(EffectiveSampleSize, OfAutoregressiveChainsIsTheClosedForm) {
  for (double phi : {0.0, 0.5, 0.9, -0.5}) {
    const auto values = autoregressive(phi, 4, 40000, 3);
    const double tau = (1 + phi) / (1 - phi), n = 160000;
    // A window of M lags gives tau a relative error of (2 (2 M + 1)/n)^(1/2) (Madras and Sokal
    // 1988); the sequence ends where correlations drown in noise, near phi^M = n^(-1/2).
    const double window = 2 + (phi == 0 ? 0 : std::log(n) / (-2 * std::log(std::abs(phi))));
    const double error = std::sqrt(2 * (2 * window + 1) / n);
    EXPECT_NEAR(effective_sample_size(values) * tau / n, 1, 6 * error + 0.01) << phi;
    EXPECT_NEAR(bulk_effective_sample_size(values) * tau / n, 1, 6 * error + 0.01) << phi;
  }
}

/// The definition, written without Fourier transforms and lag by lag.
double slow_size(const ChainValues& halves) {
  const auto n = halves[0].size(), m = halves.size();
  std::vector<double> means(m);
  double within = 0, grand = 0, between = 0;
  for (std::size_t k = 0; k < m; ++k) {
    for (double x : halves[k]) means[k] += x / static_cast<double>(n);
    for (double x : halves[k]) {
      within += (x - means[k]) * (x - means[k]) / static_cast<double>((n - 1) * m);
    }
    grand += means[k] / static_cast<double>(m);
  }
  for (double mean : means) between += (mean - grand) * (mean - grand) / static_cast<double>(m - 1);
  const double total = within * static_cast<double>(n - 1) / static_cast<double>(n) + between;
  std::vector<double> rho{1};
  for (std::size_t lag = 1; lag < n; ++lag) {
    double sum = 0;
    for (std::size_t k = 0; k < m; ++k) {
      for (std::size_t i = 0; i + lag < n; ++i) {
        sum += (halves[k][i] - means[k]) * (halves[k][i + lag] - means[k]);
      }
    }
    rho.push_back(1 - (within - sum / static_cast<double>(n * m)) / total);
  }
  double tau = -1, last = 1e300;
  for (std::size_t lag = 0; lag + 1 < n; lag += 2) {
    if (rho[lag] + rho[lag + 1] <= 0) {
      tau += std::max(rho[lag], 0.0);
      break;
    }
    last = std::min(last, rho[lag] + rho[lag + 1]);
    tau += 2 * last;
  }
  const auto draws = static_cast<double>(n * m);
  return draws / std::max(tau, 1 / std::log10(draws));
}

TEST(EffectiveSampleSize, IsItsDefinition) {
  for (double phi : {0.8, -0.3}) {
    const auto values = autoregressive(phi, 3, 150, 8);  // not a power of two
    ChainValues halves;
    for (const auto& chain : values) {
      halves.emplace_back(chain.begin(), chain.begin() + 75);
      halves.emplace_back(chain.begin() + 75, chain.end());
    }
    const double expected = slow_size(halves);
    EXPECT_NEAR(effective_sample_size(values), expected, 1e-9 * expected);
  }
}

TEST(SplitRHat, ByHand) {
  // Halves 1 2 3 4 | 3 4 5 6: variances 5/3, means 2.5 and 4.5.
  const ChainValues values{{1, 2, 3, 4, 3, 4, 5, 6}};
  const double within = 5.0 / 3, between = 2;  // variance of the two means
  EXPECT_NEAR(split_r_hat(values), std::sqrt((0.75 * within + between) / within), 1e-14);
  // The middle of an odd number is left out.
  const ChainValues odd{{1, 2, 3, 4, 99, 3, 4, 5, 6}};
  EXPECT_EQ(split_r_hat(odd), split_r_hat(values));
}

TEST(SplitRHat, RanksWithTies) {
  // Ranks of 5 1 5 3 9 9 9 2 are 4.5 1 4.5 3 7 7 7 2; the normal quantiles of (r - 3/8)/8.25.
  const ChainValues z = detail::rank_normalised({{5, 1, 5, 3}, {9, 9, 9, 2}});
  EXPECT_NEAR(z[0][0], 0.0, 1e-15);
  EXPECT_NEAR(z[0][1], -1.4342002, 1e-7);  // quantile of 0.625/8.25 = 0.0757576
  EXPECT_EQ(z[0][0], z[0][2]);
  EXPECT_EQ(z[1][0], z[1][2]);
  EXPECT_NEAR(0.5 * std::erfc(-z[1][1] / std::sqrt(2.0)), 6.625 / 8.25, 1e-14);
  EXPECT_NEAR(0.5 * std::erfc(-z[1][3] / std::sqrt(2.0)), 1.625 / 8.25, 1e-14);
}

TEST(RankRHat, IsOneForMixedChains) {
  const auto values = autoregressive(0.5, 4, 4000, 5);
  EXPECT_NEAR(split_r_hat(values), 1, 0.01);
  EXPECT_NEAR(rank_r_hat(values), 1, 0.01);
}

TEST(RankRHat, FindsChainsThatDisagree) {
  auto apart = autoregressive(0.5, 4, 1000, 5);  // two of them stuck in another mode
  for (double& x : apart[0]) x += 6;
  for (double& x : apart[1]) x += 6;
  EXPECT_GT(split_r_hat(apart), 2);
  EXPECT_GT(rank_r_hat(apart), 1.5);  // ranks bound it: below 2 however far apart
  EXPECT_LT(effective_sample_size(apart), 20);

  auto drifting = autoregressive(0.5, 1, 1000, 5);  // one chain that has not settled
  for (std::size_t i = 0; i < 1000; ++i) drifting[0][i] += 0.006 * static_cast<double>(i);
  EXPECT_GT(rank_r_hat(drifting), 1.5);

  auto wide = autoregressive(0.5, 4, 1000, 5);  // same mean, one of them four times as wide
  for (double& x : wide[3]) x *= 4;
  EXPECT_LT(split_r_hat(wide), 1.02);
  EXPECT_GT(rank_r_hat(wide), 1.1);

  auto heavy = autoregressive(0, 4, 1000, 5);  // Cauchy tails, one chain shifted
  for (std::size_t k = 0; k < 4; ++k) {
    for (double& x : heavy[k]) x = std::tan(1.57 * std::erf(x / std::sqrt(2.0))) + (k == 0 ? 4 : 0);
  }
  EXPECT_GT(rank_r_hat(heavy), 1.1);
}

TEST(Diagnostics, EqualValuesAndStuckChains) {
  const ChainValues equal(2, std::vector<double>(20, 3.0));
  EXPECT_TRUE(std::isnan(split_r_hat(equal)));
  EXPECT_TRUE(std::isnan(effective_sample_size(equal)));
  ChainValues stuck = equal;
  stuck[1].assign(20, 4.0);
  EXPECT_TRUE(std::isinf(split_r_hat(stuck)));
  EXPECT_TRUE(std::isinf(rank_r_hat(stuck)));
  EXPECT_LT(effective_sample_size(stuck), 4);
}

TEST(Diagnostics, RefusesChainsOfDifferentLength) {
  ChainValues values(2, std::vector<double>(20, 3.0));
  values[1].resize(12);
  try {
    summarise(values);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("chain 1 has 12 draws"), std::string::npos);
  }
  EXPECT_THROW(split_r_hat({}), std::invalid_argument);
  EXPECT_THROW(split_r_hat({{1, 2, 3}}), std::invalid_argument);
}

TEST(Diagnostics, Summary) {
  const auto values = autoregressive(0.9, 4, 4000, 9);
  const ChainSummary summary = summarise(values);
  EXPECT_LT(std::abs(summary.mean), 6 * summary.standard_error);
  EXPECT_NEAR(summary.standard_error, summary.standard_deviation / std::sqrt(summary.ess), 1e-15);
  EXPECT_GT(summary.tail_ess, 300);
  EXPECT_LT(summary.tail_ess, 16000);
  EXPECT_LT(summary.r_hat, 1.02);
}

}  // namespace
}  // namespace stochflow
