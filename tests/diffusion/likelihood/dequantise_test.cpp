// Bounds on the probability of grey levels, on a model whose probabilities are known.

#include "stochflow/diffusion/likelihood/dequantise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "diffusion/support/networks.hpp"
#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/likelihood/noised.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/nets/unet.hpp"

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
  const Dequantisation d = noised_dequantisation(
      images, normal_decoder(model, at::kDouble), schedule, {}, 3, sample_range(0, draws));
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

// A network that says the same of every pixel, whatever it sees: boxes at levels 0 and 255, two
// normals, all equally likely (ScoreNetwork::initialise).
ScoreNetwork constant_network(at::ScalarType precision) {
  ScoreNetwork network(testing::small_network(4, 8));
  network.initialise(1);
  network.unet().to(precision);
  return network;
}

// Its pixels are independent and their density is known. A decoder that is the posterior makes the
// bound an identity, for every x and every noise, also noise much wider than a level.
TEST(Dequantise, ThePosteriorPaysForTheNoiseExactly) {
  const ScoreNetwork network = constant_network(at::kDouble);
  const at::Tensor levels =
      at::tensor(std::vector<std::int64_t>{0, 0, 0, 1, 40, 128, 254, 255}, at::kLong)
          .view({1, 1, 1, 8})
          .expand({6, 1, 4, 8});
  const SampleIds ids = sample_range(20, 6);
  const at::Tensor x = uniform_dequantisation(levels, 4, ids).x;
  const auto box = [&](double level) { return 128 * (levels == level).to(at::kDouble); };
  const auto normal = [&](double m) {
    const double s = std::exp(-1.5);
    return at::exp(-0.5 * ((x - m) / s).square()) / (s * std::sqrt(2 * std::numbers::pi));
  };
  const at::Tensor exact =
      (0.25 * (box(0) + box(255) + normal(-0.5) + normal(0.5))).log().flatten(1).sum(1);
  const LikelihoodOptions options{.tolerance = {.atol = 1e-4, .atol_log_density = 1e-3},
                                  .method = dormand_prince853,
                                  .batch = 6,
                                  .dtype = at::kDouble};
  for (const double gamma_min : {-16.0, -11.0, -3.0}) {
    SCOPED_TRACE(gamma_min);
    const Schedule schedule = linear_log_snr(gamma_min, 14);
    const auto found = [&](const Decoder& decoder) {
      const Dequantisation d = noised_dequantisation(levels, decoder, schedule, {}, 4, ids);
      std::vector<double> values;
      for (const ImageLikelihood& image : log_likelihood(network, schedule, d.x, ids, options)) {
        values.push_back(image.log_density);
      }
      return doubles(values, {6}) - d.log_q + 32 * std::log(128.0);
    };
    EXPECT_LT((found(posterior_decoder(network)) - exact).abs().max().item<double>(), 2e-3);
    // The normal decoder is another posterior: right on average at best.
    EXPECT_GT((found(normal_decoder(network, at::kDouble)) - exact).abs().max().item<double>(), 1);
  }
}

// The last numbers below a grey level's end round up to the end in float32, which is the next level
// and costs another price.
TEST(Dequantise, RoundingDoesNotLeadToTheNextLevel) {
  const ScoreNetwork network = constant_network(at::kFloat);
  const Decoder decoder = posterior_decoder(network);
  const at::Tensor gamma = at::full({1}, -14.0, at::kDouble);
  const auto price = [&](double value) {
    const at::Tensor x = at::full({1, 1, 4, 8}, value, at::kDouble);
    return decoder(x, gamma, x).item<double>();
  };
  const double end = 1.0 / 128 - 1;
  EXPECT_NEAR(price(end - 1e-12), price(end - 1e-6), 0.1);
  EXPECT_LT(price(end), price(end - 1e-6) - 10);  // and it would be noticed
}

TEST(Dequantise, ADecoderNeedsAHeadThatDescribesAPosterior) {
  const ScoreNetwork plain({.head = Head::noise});
  EXPECT_THROW(posterior_decoder(plain), std::invalid_argument);
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
