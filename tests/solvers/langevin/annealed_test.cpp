#include "stochflow/langevin/annealed.hpp"

#include <gtest/gtest.h>

#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/langevin/chains.hpp"
#include "stochflow/langevin/ula.hpp"

namespace stochflow {
namespace {

// Two normals of standard deviation 0.5 at -4 (weight 0.8) and 4 (weight 0.2), blurred by sigma.
double blurred_score(double x, double sigma) {
  const double s2 = 0.25 + sigma * sigma;
  // d/dx log(0.8 exp(-(x + 4)^2/(2 s2)) + 0.2 exp(-(x - 4)^2/(2 s2)))
  const double right = 1 / (1 + 4 * std::exp(-8 * x / s2));
  return (-x + 4 * (2 * right - 1)) / s2;
}

/// Starts as spread as the highest level.
std::vector<double> starts(double sigma, std::int64_t n) {
  return scattered_starts(0.0, sigma, n, 77);
}

TEST(AnnealedLangevin, FindsTheWeightsOfTwoModes) {
  constexpr std::int64_t n = 2000;
  const auto samples = annealed_langevin(
      blurred_score,
      starts(10, n),
      {.sigmas = geometric_ladder(10, 0.05, 40), .steps = 40, .epsilon = 0.001, .seed = 5});
  Moments left, within;
  for (const auto& sample : samples) {
    EXPECT_TRUE(sample.outcome.ok());
    left.add(sample.x < 0);
    if (sample.x < 0) within.add(sample.x);
  }
  // Six standard errors, and 0.02 for annealing in finite time.
  EXPECT_NEAR(left.mean(), 0.8, 6 * std::sqrt(0.16 / n) + 0.02);
  EXPECT_NEAR(within.mean(), -4, 6 * within.mean_standard_error());
  EXPECT_NEAR(within.variance(), 0.25 + 0.0025, 6 * within.variance_standard_error() + 0.01);

  // Without the ladder, at its last level, each chain stays in the mode nearest to its start.
  const auto stuck = annealed_langevin(
      blurred_score, starts(10, n), {.sigmas = {0.05}, .steps = 1600, .epsilon = 0.001, .seed = 5});
  double share = 0;
  for (const auto& sample : stuck) share += (sample.x < 0) / static_cast<double>(n);
  EXPECT_NEAR(share, 0.5, 6 * std::sqrt(0.25 / n) + 0.02);
}

// For a normal target every step is linear, so mean and variance of the samples are known exactly,
// annealing error included.
TEST(AnnealedLangevin, IsTheAlgorithmOfThePaper) {
  const auto score = [](double x, double sigma) { return -(x - 2) / (0.3 + sigma * sigma); };
  const AnnealedOptions options{
      .sigmas = geometric_ladder(3, 0.2, 5), .steps = 7, .epsilon = 0.03, .seed = 6};
  double mean = 0, variance = 9;
  for (double sigma : options.sigmas) {
    const double a = options.epsilon * sigma * sigma / 0.04,
                 r = 1 - 0.5 * a / (0.3 + sigma * sigma);
    for (int i = 0; i < options.steps; ++i) {
      mean = 2 + r * (mean - 2);
      variance = r * r * variance + a;
    }
  }
  Moments moments;
  for (const auto& s : annealed_langevin(score, starts(3, 20000), options)) moments.add(s.x);
  EXPECT_LT(std::abs(moments.mean() - mean), 6 * moments.mean_standard_error());
  EXPECT_LT(std::abs(moments.variance() - variance), 6 * moments.variance_standard_error());
}

TEST(AnnealedLangevin, SampleKIsAFunctionOfItsStartAndNumber) {
  using X = Vector<double, 3>;
  const auto score = [](const X& x, double sigma) { return X(-x / (1 + sigma * sigma)); };
  const auto from = scattered_starts(X(X::Zero()), 3.0, 6, 1);
  const auto run = [&](std::size_t count, int threads) {
    return annealed_langevin(score,
                             std::vector<X>(from.begin(), from.begin() + std::ptrdiff_t(count)),
                             {.sigmas = {3, 1}, .steps = 20, .seed = 2, .threads = threads});
  };
  const auto one = run(6, 1), three = run(6, 3), fewer = run(2, 2);
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_TRUE((one[k].x == three[k].x).all());
    EXPECT_TRUE(k >= 2 || (one[k].x == fewer[k % 2].x).all());
    EXPECT_EQ(one[k].outcome.step, 40);
  }
}

TEST(AnnealedLangevin, DivergenceIsAnOutcomeAndNonsenseIsRefused) {
  const auto wild = [](double x, double) { return x * x * x; };
  const auto samples = annealed_langevin(wild, std::vector<double>{50}, {.sigmas = {2, 1}});
  EXPECT_EQ(samples[0].outcome.status, Status::not_finite);
  EXPECT_THROW(geometric_ladder(1, 2, 5), std::invalid_argument);
  EXPECT_THROW(geometric_ladder(2, 1, 1), std::invalid_argument);
  EXPECT_THROW(annealed_langevin(wild, std::vector<double>{0}, {.sigmas = {1, 2}}),
               std::invalid_argument);
  EXPECT_THROW(annealed_langevin(wild, std::vector<double>{0}, {}), std::invalid_argument);
  const auto ladder = geometric_ladder(8, 1, 4);
  EXPECT_NEAR(ladder[1], 4, 1e-14);
  EXPECT_EQ(ladder.back(), 1);
}

}  // namespace
}  // namespace stochflow
