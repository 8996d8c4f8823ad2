#include "stochflow/noise/normal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace stochflow {
namespace {

TEST(LogOfUniform, WithinThreeUlpOfLongDouble) {
  const RandomStream stream(11, Purpose::increments);
  for (std::uint64_t k = 0; k < 20000; ++k) {
    const auto b = stream.bits(0, k, 0);
    const std::uint64_t word = static_cast<std::uint64_t>(b[1]) << 32 | b[0];
    // Spread the exponents as well, down to the smallest uniform.
    const double u = std::ldexp(uniform_open(word), -static_cast<int>(k % 50));
    const auto exact = static_cast<double>(std::log(static_cast<long double>(u)));
    const double ulp = std::nextafter(std::abs(exact), INFINITY) - std::abs(exact);
    EXPECT_LE(std::abs(detail::log_of_uniform(u) - exact), 3 * ulp) << "u = " << u;
  }
  EXPECT_EQ(detail::log_of_uniform(1.0), 0.0);
  EXPECT_NEAR(detail::log_of_uniform(1 - 0x1p-53), -0x1p-53, 1e-31);
}

TEST(SinCosTurns, WithinTwoUlpOfOne) {
  for (int k = 0; k < 20000; ++k) {
    const double v = (k + 0.37) / 20000;
    const auto [sine, cosine] = detail::sin_cos_turns(v);
    const long double angle = 2 * 3.141592653589793238462643383279502884L * v;
    EXPECT_NEAR(sine, static_cast<double>(std::sin(angle)), 0x1p-52) << v;
    EXPECT_NEAR(cosine, static_cast<double>(std::cos(angle)), 0x1p-52) << v;
  }
}

// The promise "the same bits on every compiler and machine" needs the bits written down.
TEST(NormalPair, GoldenBits) {
  const RandomStream stream(2026, Purpose::increments);
  const auto first = normal_pair(stream, 0, 0, 0);
  const auto other = normal_pair(stream, 12345678901, 77, 5);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(first[0]), 0x3fddd808c9ee4e0a);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(first[1]), 0xbfcb54f4bf2de528);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(other[0]), 0xbfecd620f7b7850d);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(other[1]), 0xc0028f2cb8593614);
}

TEST(NormalPair, ComponentsDoNotDependOnHowManyAreAskedFor) {
  const RandomStream stream(3, Purpose::increments);
  std::vector<double> three(3), eight(8);
  fill_normals(stream, 5, 9, std::span<double>(three));
  fill_normals(stream, 5, 9, std::span<double>(eight));
  EXPECT_TRUE(std::equal(three.begin(), three.end(), eight.begin()));
}

// Kolmogorov-Smirnov distance of 400,000 normals. A critical value of 2.7/sqrt(n) has a false-alarm
// probability of 2 exp(-2 2.7^2) = 9e-7; a variance wrong by 2 % exceeds it.
TEST(NormalPair, KolmogorovSmirnov) {
  const RandomStream stream(4, Purpose::increments);
  std::vector<double> z(400000);
  fill_normals(stream, 0, 0, std::span<double>(z));
  std::sort(z.begin(), z.end());
  double distance = 0;
  const double n = static_cast<double>(z.size());
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double cdf = 0.5 * std::erfc(-z[k] / std::sqrt(2.0));
    distance = std::max({distance,
                         std::abs(cdf - static_cast<double>(k) / n),
                         std::abs(cdf - static_cast<double>(k + 1) / n)});
  }
  EXPECT_LT(distance, 2.7 / std::sqrt(n));
}

// Moments, correlation of the pair and of neighbours, and the tail: 7 statistics, each a sum of
// 500,000 independent terms, at 5.5 standard errors.
TEST(NormalPair, MomentsCorrelationsTail) {
  const RandomStream stream(5, Purpose::increments);
  const int n = 500000;
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0, pair = 0, lag = 0, tail = 0, previous = 0;
  for (int k = 0; k < n; ++k) {
    const auto [a, b] = normal_pair(stream, static_cast<std::uint64_t>(k), 0, 0);
    m1 += a, m2 += a * a, m3 += a * a * a, m4 += a * a * a * a;
    pair += a * b, lag += a * previous, tail += std::abs(b) > 3;
    previous = a;
  }
  const double root = std::sqrt(static_cast<double>(n)), bound = 5.5;
  EXPECT_LT(std::abs(m1) / root, bound);
  EXPECT_LT(std::abs(m2 - n) / (root * std::sqrt(2)), bound);
  EXPECT_LT(std::abs(m3) / (root * std::sqrt(15)), bound);
  EXPECT_LT(std::abs(m4 - 3.0 * n) / (root * std::sqrt(96)), bound);
  EXPECT_LT(std::abs(pair) / root, bound);
  EXPECT_LT(std::abs(lag) / root, bound);
  const double p = std::erfc(3 / std::sqrt(2.0));
  EXPECT_LT(std::abs(tail - n * p) / std::sqrt(n * p), bound);
}

}  // namespace
}  // namespace stochflow
