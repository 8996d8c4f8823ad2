#include "stochflow/noise/sobol.hpp"

#include <gtest/gtest.h>

#include <boost/math/special_functions/erf.hpp>
#include <cmath>

#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/noise/inverse_normal.hpp"
#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/noise/sobol_paths.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

TEST(InverseNormal, IsTheInverseOfTheDistributionFunction) {
  for (double u = 0x1p-36; u < 0.5; u *= 1.37) {
    const double exact = -std::sqrt(2.0) * boost::math::erfc_inv(2 * u);
    EXPECT_NEAR(inverse_normal(u) / exact, 1, 1e-14) << u;
  }
  for (int k = 1; k < 1000; ++k) {
    const double u = k / 1000.0;
    const double exact = -std::sqrt(2.0) * boost::math::erfc_inv(2 * u);
    EXPECT_NEAR(inverse_normal(u), exact, 1e-14 * std::abs(exact) + 1e-17) << u;
  }
}

TEST(InverseNormal, HasTheSameBitsInLanes) {
  for (int k = 0; k < 1000; ++k) {
    const auto u = Pack<double>::generate([&](int l) { return (k + 0.5 + 0.01 * l) / 1001; });
    const Pack<double> z = inverse_normal(u);
    for (int l = 0; l < Pack<double>::lanes; ++l) EXPECT_EQ(z[l], inverse_normal(u[l]));
  }
}

TEST(Sobol, IsTheSequenceOfBoost) {
  // Boost's begins after the point 0, and counts in Gray code: the same points in blocks of 2^k.
  constexpr std::size_t dimensions = 200;
  const Sobol sobol(dimensions);
  boost::random::sobol_engine<std::uint32_t, 32u> boosts(dimensions);
  for (std::uint32_t k = 1; k < 64; ++k) {
    for (std::size_t d = 0; d < dimensions; ++d) {
      ASSERT_EQ(sobol.point(d, k ^ (k >> 1)), boosts()) << k << ' ' << d;
    }
  }
}

TEST(Sobol, ScrambledKeepsOnePointInEachInterval) {
  const Sobol sobol(40);
  constexpr std::size_t n = 1024;
  for (std::size_t d = 0; d < 40; ++d) {
    const OwenScrambling scrambling(3, 5, d);
    std::vector<std::uint32_t> block(n);
    sobol.fill(d, 3 * n, scrambling, block);
    std::vector<int> hits(n, 0);
    for (std::size_t k = 0; k < n; ++k) {
      ++hits[block[k] >> 22];
      EXPECT_EQ(block[k], sobol.point(d, static_cast<std::uint32_t>(3 * n + k), scrambling));
    }
    for (const int h : hits) ASSERT_EQ(h, 1);
  }
}

TEST(Sobol, ScrambledPairsHaveTheCovarianceOfOwensTree) {
  // Two points that share their first m digits and differ in the next: the shared digits come out
  // equal and uniform, the next ones different, the rest independent. The covariance is then
  // (1 - 4^-m)/12 - 4^-(m+1)/4.
  for (const int m : {0, 1, 2, 5}) {
    for (const std::uint32_t tail : {0u, 0x003F1234u, 0x00000001u}) {
      const std::uint32_t a = 0x50000000, b = (a ^ (0x80000000u >> m)) ^ (tail >> m);
      Moments product, first;
      for (std::uint64_t r = 0; r < 20000; ++r) {
        const OwenScrambling scrambling(11, r, 0);
        const auto scrambled = [&](std::uint32_t x) {
          return reverse_bits(scrambling.reversed(reverse_bits(x))) * 0x1p-32 - 0.5;
        };
        product.add(scrambled(a) * scrambled(b));
        first.add(scrambled(a));
      }
      const double four = std::exp2(-2 * m);
      EXPECT_LT(std::abs(product.mean() - ((1 - four) / 12 - four / 16)),
                6 * product.mean_standard_error())
          << m << ' ' << tail;
      EXPECT_LT(std::abs(first.mean()), 6 * first.mean_standard_error());
      EXPECT_LT(std::abs(first.variance() - 1.0 / 12), 6 * first.variance_standard_error());
    }
  }
}

TEST(Sobol, ErrorsOfSmoothIntegralsFallFasterThanOneOverN) {
  // The product of 1 + (u_d - 1/2)/d, whose integral is 1.
  const Sobol sobol(6);
  const auto error = [&](std::uint32_t n) {
    Moments squares;
    for (std::uint64_t r = 0; r < 64; ++r) {
      std::vector<OwenScrambling> keys;
      for (std::size_t d = 0; d < 6; ++d) keys.emplace_back(1, r, d);
      double sum = 0;
      for (std::uint32_t k = 0; k < n; ++k) {
        double product = 1;
        for (std::size_t d = 0; d < 6; ++d) {
          const double u = (sobol.point(d, k, keys[d]) + 0.5) * 0x1p-32;
          product *= 1 + (u - 0.5) / static_cast<double>(d + 1);
        }
        sum += product / n;
      }
      squares.add((sum - 1) * (sum - 1));
    }
    return std::sqrt(squares.mean());
  };
  const double slope = std::log2(error(64) / error(4096)) / 6;
  EXPECT_GT(slope, 1.2);
}

TEST(Sobol, SaysHowManyDimensionsThereAre) {
  EXPECT_EQ(Sobol::most_dimensions, 3667u);
  EXPECT_THROW(Sobol(3668), std::invalid_argument);
  EXPECT_THROW(Sobol(0), std::invalid_argument);
}

TEST(SobolPaths, HaveTheLawOfBrownianMotion) {
  // Uneven steps; the covariance of W at the grid points, and H apart from them.
  const std::vector<double> grid{0, 0.1, 0.4, 0.5, 1.1, 2};
  using V = Vector<double, 2>;
  const SobolPaths<V> paths(grid, 9, NoiseInput::WH);
  EXPECT_EQ(paths.dimensions(), 20u);
  constexpr int n = 2048;
  double WW[5][5] = {}, HH[5] = {}, WH[5] = {}, across = 0;
  for (std::uint32_t k = 0; k < n; ++k) {
    const auto path = paths.path(4, k);
    V W(0, 0);
    double at[5];
    for (int i = 0; i < 5; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const Step step{i, grid[place], grid[place + 1] - grid[place]};
      const auto dB = path.space_time_increment(step);
      EXPECT_EQ(dB.W[0], path.increment(step).W[0]);
      W += dB.W;
      at[i] = W[0];
      HH[i] += dB.H[1] * dB.H[1] / (step.h / 12) / n;
      WH[i] += dB.H[0] * dB.W[0] / (step.h / std::sqrt(12.0)) / n;
    }
    across += W[0] * W[1] / n;
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j <= i; ++j) WW[i][j] += at[i] * at[j] / n;
    }
  }
  // Scrambled points do better than the 0.03 of random ones.
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j <= i; ++j) EXPECT_NEAR(WW[i][j], grid[static_cast<std::size_t>(j) + 1], 0.02);
    EXPECT_NEAR(HH[i], 1, 0.02);
    EXPECT_NEAR(WH[i], 0, 0.06);
  }
  EXPECT_NEAR(across, 0, 0.04);
}

TEST(SobolPaths, DriveTheSolver) {
  const OrnsteinUhlenbeck ou;
  const auto grid = uniform_grid(0, 1, 32);
  const SobolPaths<double> paths(grid, 1);
  double mean = 0;
  constexpr int n = 1024;
  for (std::uint32_t k = 0; k < n; ++k) {
    mean += solve(ou, EulerMaruyama{}, 1.0, std::span(grid), paths.path(0, k)).x / n;
  }
  // The scheme is linear, so its mean is known; random points would be off by 0.006.
  const double exact = ou.mu + (1 - ou.mu) * std::pow(1 - ou.theta / 32, 32);
  EXPECT_NEAR(mean, exact, 2e-4);
  EXPECT_THROW(paths.path(0, 0).increment({32, 1, 0.1}), std::invalid_argument);
  EXPECT_THROW(SobolPaths<double>(grid, 1, NoiseInput::WA), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
