// Bounds on the probability of grey levels, on a model whose probabilities are known.

#include "stochflow/diffusion/likelihood/dequantise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/likelihood/noised.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

/// Two pixels, each a mixture of two normals; seen at the noise level t0 of a schedule.
struct TwoPixels {
  // At t0 the noise is a third of a level wide.
  Schedule schedule = linear_log_snr(2 * std::log(1.0 / 384), 6);
  Level start = schedule.at(schedule.t0);
  at::Tensor weights = doubles({0.3, 0.7}, {2});
  at::Tensor means = doubles({-0.5, 0.2, 0.4, -0.1}, {2, 2});
  at::Tensor vars = doubles({1e-4, 4e-3, 4e-4, 1e-3}, {2, 2});
  MixtureScore model{weights, means, vars};

  /// ln of the probability that the x of the model at t0 falls into the square of the levels;
  /// `scale` is what x is divided by first.
  double log_probability(const std::vector<int>& levels, double scale = 1) const {
    double sum = 0;
    for (int k = 0; k < 2; ++k) {
      double product = weights[k].item<double>();
      for (int j = 0; j < 2; ++j) {
        const double m = start.alpha() * means[k][j].item<double>();
        const double s = std::sqrt(start.alpha() * start.alpha() * vars[k][j].item<double>() +
                                   start.sigma * start.sigma);
        const double low = (levels[static_cast<std::size_t>(j)] / 128.0 - 1) * scale;
        product *= normal_cdf((low + scale / 128 - m) / s) - normal_cdf((low - m) / s);
      }
      sum += product;
    }
    return std::log(sum);
  }

  double log_density(const at::Tensor& x) const {
    const double scale = start.scale();
    return model.log_density(x / scale, at::full({1}, start.gamma, at::kDouble)).item<double>() -
           2 * std::log(scale);
  }
};

// The mean weight over many draws is the probability, for either q; one draw is a lower bound on
// average.
TEST(Dequantise, ManyDrawsGiveTheProbabilityOfTheLevels) {
  const TwoPixels two;
  const std::vector<int> levels{66, 150};
  const at::Tensor image = at::tensor(std::vector<std::int64_t>{66, 150}, at::kLong).view({1, 2});
  constexpr std::uint64_t draws = 4000;
  for (const bool normal : {false, true}) {
    SCOPED_TRACE(normal ? "truncated normal" : "uniform");
    // The truncated normal lives on intervals that alpha has scaled.
    const double exact = two.log_probability(levels, normal ? two.start.alpha() : 1);
    std::vector<double> log_p, log_q;
    double mean = 0, squares = 0;
    for (std::uint64_t j = 0; j < draws; ++j) {
      const Dequantisation d = normal ? truncated_normal_dequantisation(image, two.start, 3, {8}, j)
                                      : uniform_dequantisation(image, 3, {8}, j);
      log_p.push_back(two.log_density(d.x));
      log_q.push_back(d.log_q.item<double>());
      const double weight = std::exp(log_p.back() - log_q.back() - exact);
      mean += (log_p.back() - log_q.back()) / draws;
      squares += weight * weight / draws;
    }
    // The mean weight relative to the probability is 1 within its standard error.
    const double error = std::sqrt((squares - 1) / draws);
    EXPECT_LT(std::abs(std::exp(log_mean_weight(log_p, log_q) - exact) - 1), 5.5 * error + 1e-9);
    EXPECT_LT(error, 0.05);
    EXPECT_LT(mean, exact);
    // Forgetting to divide by the number of draws would give ln(4000) more.
    EXPECT_LT(log_mean_weight(log_p, log_q), exact + 0.3);
  }
}

// Noise added and paid for: the mean weight is the probability that x, drawn as N(posterior mean,
// (sigma/alpha)^2) from a z of the model, falls into the level's interval. One pixel, so that the
// probability is an integral over z.
TEST(Dequantise, NoiseThatIsAddedIsPaidFor) {
  const Schedule schedule = linear_log_snr(2 * std::log(1.0 / 384), 6);
  const Level start = schedule.at(schedule.t0);
  const MixtureScore model(
      doubles({0.3, 0.7}, {2}), doubles({-0.5, 0.2}, {2, 1}), doubles({1e-4, 4e-5}, {2, 1}));
  const double a = start.alpha(), s = start.sigma;
  const std::int64_t level = 153;  // [0.195, 0.203)
  const double low = static_cast<double>(level) / 128 - 1, high = low + 1.0 / 128;

  const at::Tensor z = at::linspace(0.1, 0.3, 20001, at::kDouble).unsqueeze(1);
  const at::Tensor gamma = at::full({z.size(0)}, start.gamma, at::kDouble);
  const at::Tensor mean = ((z - s * model.eps(z, gamma)) / a).squeeze(1);
  const auto below = [&](double edge) { return at::special_ndtr((edge - mean) * (a / s)); };
  const at::Tensor density = model.log_density(z, gamma).exp();
  const double exact = ((below(high) - below(low)) * density).sum().item<double>() * (0.2 / 20000);

  constexpr std::int64_t draws = 4000;
  const at::Tensor images = at::full({draws, 1}, level, at::kLong);
  LikelihoodOptions options{.dtype = at::kDouble};
  const Dequantisation d =
      noised_dequantisation(images, model, schedule, options, 3, sample_range(0, draws));
  const at::Tensor log_p = model.log_density(d.x, at::full({draws}, start.gamma, at::kDouble));
  const at::Tensor weights = (log_p - d.log_q).exp() / exact;
  const double error = weights.std().item<double>() / std::sqrt(static_cast<double>(draws));
  EXPECT_LT(error, 0.02);
  EXPECT_LT(std::abs(weights.mean().item<double>() - 1), 5.5 * error);
  EXPECT_LT((log_p - d.log_q).mean().item<double>(), std::log(exact));
  // z is noisy: not x. It can be had without the model.
  EXPECT_TRUE(noised_images(images, schedule, 3, sample_range(0, draws)).equal(d.x));
  const at::Tensor x = uniform_dequantisation(images, 3, sample_range(0, draws)).x;
  EXPECT_NEAR((d.x - a * x).std().item<double>() / s, 1, 0.07);
}

TEST(Dequantise, TheTruncatedNormalStaysInItsIntervalAndKnowsItsDensity) {
  const TwoPixels two;
  const at::Tensor image = at::full({500, 2}, 66, at::kLong);
  const Dequantisation d =
      truncated_normal_dequantisation(image, two.start, 1, sample_range(0, 500));
  const double a = two.start.alpha(), s = two.start.sigma, centre = a * (66.5 / 128 - 1);
  const at::Tensor u = ((d.x - centre) / s).flatten();
  const double half = a / 256 / s;
  EXPECT_LE(u.abs().max().item<double>(), half * (1 + 1e-12));
  const double mass = std::erf(half / std::numbers::sqrt2);
  EXPECT_LT(kolmogorov_smirnov(
                to_vector(u), [&](double v) { return (normal_cdf(v) - normal_cdf(-half)) / mass; }),
            3.0);
  // ln q integrates to one: E[1/q] is the area of the square.
  const double area = std::pow(a / 128, 2);
  const at::Tensor inverse = (-d.log_q).exp() / area;
  const double error = inverse.std().item<double>() / std::sqrt(500.0);
  EXPECT_LT(std::abs(inverse.mean().item<double>() - 1), 5.5 * error);
}

TEST(Dequantise, EveryDrawIsAnotherAndTheFirstIsTheUsualOne) {
  const at::Tensor image = at::full({2, 3}, 7, at::kByte);
  const SampleIds ids{4, 9};
  EXPECT_TRUE(at::equal(uniform_dequantisation(image, 1, ids).x, dequantised(image, 1, ids)));
  EXPECT_FALSE(at::equal(uniform_dequantisation(image, 1, ids, 1).x, dequantised(image, 1, ids)));
  EXPECT_DOUBLE_EQ(uniform_dequantisation(image, 1, ids).log_q[1].item<double>(),
                   3 * std::log(128.0));
  const std::vector<double> p{1, 2}, q{1};
  EXPECT_THROW(log_mean_weight(p, q), std::invalid_argument);
  EXPECT_THROW(truncated_normal_dequantisation(at::full({1, 2}, 300), {}, 1, {1}),
               std::invalid_argument);
}

TEST(GreyLevels, AreThoseOfTheIntervals) {
  const at::Tensor x = at::tensor({-1.0, -0.9999, -1 + 1.9 / 128, 0.9999, 1.5, -2.0});
  const at::Tensor expected = at::tensor({0, 0, 1, 255, 255, 0}).to(at::kByte);
  EXPECT_TRUE(grey_levels(x).equal(expected));
}

}  // namespace
}  // namespace stochflow::diffusion
