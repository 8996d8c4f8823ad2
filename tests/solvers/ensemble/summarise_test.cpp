#include "stochflow/ensemble/summarise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"

namespace stochflow {
namespace {

TEST(Covariance, IsThatOfTheSamplesHoweverTheyAreMerged) {
  std::mt19937_64 bits(1);
  std::normal_distribution<double> normal;
  Covariance all, left, right;
  std::vector<std::array<double, 2>> samples;
  for (int k = 0; k < 1000; ++k) {
    const double a = normal(bits), b = normal(bits);
    samples.push_back({1e6 + a, 0.6 * a + 0.8 * b});
    all.add(samples.back());
    (k < 300 ? left : right).add(samples.back());
  }
  left.merge(right);
  double mean[2] = {0, 0};
  for (const auto& s : samples) mean[0] += s[0] / 1000, mean[1] += s[1] / 1000;
  double c[3] = {0, 0, 0};
  for (const auto& s : samples) {
    c[0] += (s[0] - mean[0]) * (s[0] - mean[0]) / 999;
    c[1] += (s[0] - mean[0]) * (s[1] - mean[1]) / 999;
    c[2] += (s[1] - mean[1]) * (s[1] - mean[1]) / 999;
  }
  for (const Covariance* found : {&all, &left}) {
    EXPECT_EQ(found->count(), 1000);
    EXPECT_NEAR(found->mean(0), mean[0], 1e-8);
    EXPECT_NEAR(found->variance(0), c[0], 1e-9);
    EXPECT_NEAR(found->covariance(0, 1), c[1], 1e-9);
    EXPECT_EQ(found->covariance(1, 0), found->covariance(0, 1));
    EXPECT_NEAR(found->variance(1), c[2], 1e-12);
  }
  EXPECT_THROW(all.add(std::vector{1.0}), std::invalid_argument);
}

TEST(Histogram, CountsEveryValueOnce) {
  Histogram h(0, 1, 4), other(0, 1, 4), nothing;
  for (const double v : {-0.1, 0.0, 0.25, 0.26, 0.999, 1.0, 7.0}) h.add(v);
  h.add(NAN);
  other.add(0.6);
  nothing.merge(h);
  nothing.merge(other);
  EXPECT_EQ(nothing.below(), 1);
  EXPECT_EQ(nothing.above(), 2);
  EXPECT_EQ(nothing.not_numbers(), 1);
  EXPECT_EQ(nothing.count(0), 1);
  EXPECT_EQ(nothing.count(1), 2);
  EXPECT_EQ(nothing.count(2), 1);
  EXPECT_EQ(nothing.count(3), 1);
  EXPECT_EQ(nothing.total(), 8);
  EXPECT_EQ(nothing.edge(1), 0.25);
  EXPECT_EQ(nothing.density(1), 1.0);
  EXPECT_THROW(h.merge(Histogram(0, 2, 4)), std::invalid_argument);
  EXPECT_THROW(Histogram(1, 1, 4), std::invalid_argument);
}

TEST(QuantileSketch, IsExactWhileNothingIsThinned) {
  QuantileSketch sketch(8);
  for (const double v : {3.0, 1.0, 2.0, 5.0, 4.0}) sketch.add(v);
  EXPECT_EQ(sketch.rank_error(), 0);
  EXPECT_EQ(sketch.quantile(0), 1);
  EXPECT_EQ(sketch.quantile(0.5), 3);
  EXPECT_EQ(sketch.quantile(0.6), 3);
  EXPECT_EQ(sketch.quantile(1), 5);
  EXPECT_EQ(sketch.share_up_to(2.5), 0.4);
}

TEST(QuantileSketch, KeepsItsBoundWhateverTheOrderAndTheMerging) {
  // Sorted, sorted downwards, interleaved and at random, alone and merged from unequal parts.
  constexpr int n = 100000;
  std::vector<std::vector<double>> orders(4, std::vector<double>(n));
  for (int k = 0; k < n; ++k) {
    orders[0][static_cast<std::size_t>(k)] = k;
    orders[1][static_cast<std::size_t>(k)] = n - 1 - k;
    orders[2][static_cast<std::size_t>(k)] = k % 2 == 0 ? k / 2 : n - 1 - k / 2;
  }
  orders[3] = orders[0];
  std::shuffle(orders[3].begin(), orders[3].end(), std::mt19937(2));
  for (const auto& values : orders) {
    QuantileSketch alone(64), merged(64), part(64);
    for (int k = 0; k < n; ++k) {
      alone.add(values[static_cast<std::size_t>(k)]);
      part.add(values[static_cast<std::size_t>(k)]);
      if (k % 777 == 0) {
        merged.merge(part);
        part = QuantileSketch(64);
      }
    }
    merged.merge(part);
    for (const QuantileSketch* sketch : {&alone, &merged}) {
      EXPECT_EQ(sketch->count(), n);
      EXPECT_LT(sketch->rank_error(), 0.1);
      EXPECT_LT(sketch->memory(), 64u * 2 * 16);
      double largest = 0;
      for (int x = 0; x < n; x += 97) {
        const double exact = (x + 1.0) / n;
        largest = std::max(largest, std::abs(sketch->share_up_to(x) - exact));
      }
      EXPECT_LE(largest, sketch->rank_error());
      EXPECT_GT(largest, 0);
      for (const double q : {0.01, 0.25, 0.5, 0.9}) {
        EXPECT_NEAR(sketch->quantile(q) / n, q, sketch->rank_error() + 0.01 * q);
      }
    }
  }
  QuantileSketch other(128);
  other.add(1);
  EXPECT_THROW(other.merge([] {
    QuantileSketch s(64);
    s.add(1);
    return s;
  }()),
               std::invalid_argument);
}

TEST(Summarise, GivesTheSameBitsForAnyThreadsAndForLanes) {
  const auto run = [](int threads, bool lanes) {
    const EnsembleOptions options{.trajectories = 5000, .seed = 3, .threads = threads};
    const auto grid = uniform_grid(0, 1, 8);
    const Vector<double, 2> x0(0.0, 0.04);
    const Together all{Covariance{}, Each{QuantileSketch(64)}, Each{Histogram(-1, 1, 20)}};
    return lanes ? summarise_lanes(all, Heston{}, EulerMaruyama{}, x0, grid, options)
                 : summarise(all, Heston{}, EulerMaruyama{}, x0, grid, options);
  };
  const auto one = run(1, true);
  for (const auto& other : {run(3, true), run(2, false)}) {
    EXPECT_EQ(other.trajectories, 5000);
    EXPECT_EQ(other.at[0].part<0>().covariance(0, 1), one.at[0].part<0>().covariance(0, 1));
    EXPECT_EQ(other.at[0].part<0>().mean(1), one.at[0].part<0>().mean(1));
    EXPECT_EQ(other.at[0].part<1>()[0].quantile(0.3), one.at[0].part<1>()[0].quantile(0.3));
    EXPECT_EQ(other.at[0].part<1>()[1].rank_error(), one.at[0].part<1>()[1].rank_error());
    for (std::size_t b = 0; b < 20; ++b) {
      EXPECT_EQ(other.at[0].part<2>()[0].count(b), one.at[0].part<2>()[0].count(b));
    }
  }
  // Price and variance move against each other.
  EXPECT_LT(one.at[0].part<0>().correlation(0, 1), -0.5);
}

TEST(Summarise, FindsTheQuantilesOfALogNormal) {
  // One step of Euler-Maruyama for the logarithm is exact.
  const auto log_price = ito<Noise::additive>([](const auto& x, double) { return 0 * x; },
                                              [](const auto&, double) { return 0.5; });
  constexpr std::int64_t n = 400000;
  const auto r = summarise_lanes(Each{QuantileSketch{}},
                                 log_price,
                                 EulerMaruyama{},
                                 0.0,
                                 uniform_grid(0, 1, 1),
                                 {.trajectories = n, .seed = 5},
                                 [](double x) { return std::vector{std::exp(x)}; });
  const QuantileSketch& sketch = r.at[0][0];
  // log2(n / 4096) / 8192
  EXPECT_LT(sketch.rank_error(), 0.0012);
  for (const double z : {-2.0, -1.0, 0.0, 1.5}) {
    const double share = 0.5 * std::erfc(-z / std::sqrt(2.0));
    EXPECT_NEAR(sketch.share_up_to(std::exp(0.5 * z)),
                share,
                6 * std::sqrt(share * (1 - share) / n) + sketch.rank_error());
  }
}

TEST(Summarise, LeavesOutWhatFails) {
  const auto problem = ito<Noise::additive>([](const auto& x, double) { return x * x * x; },
                                            [](const auto&, double) { return 1.0; });
  const EnsembleOptions options{.trajectories = 1000, .seed = 4};
  const auto grid = uniform_grid(0, 1.5, 30);
  const auto a = summarise(Covariance{}, problem, EulerMaruyama{}, 0.0, grid, options);
  const auto b = summarise_lanes(Covariance{}, problem, EulerMaruyama{}, 0.0, grid, options);
  EXPECT_GT(a.failures, 10);
  EXPECT_EQ(a.failures, b.failures);
  EXPECT_EQ(a.at[0].count(), 1000 - a.failures);
  EXPECT_EQ(a.at[0].mean(0), b.at[0].mean(0));
  ASSERT_EQ(a.first_failures.size(), b.first_failures.size());
  EXPECT_EQ(a.first_failures[3].trajectory, b.first_failures[3].trajectory);
}

}  // namespace
}  // namespace stochflow
