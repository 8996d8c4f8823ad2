// Palettes: the kernel against the same composed of LibTorch's operations, both against Bayes' rule
// by enumeration, and the fit on images whose palettes are known.

#include "stochflow/diffusion/nets/palettes.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "diffusion/support/networks.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/mixture_head.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

at::Tensor draws(std::uint64_t draw, at::IntArrayRef shape) {
  return normals(RandomStream(5, Purpose::probe),
                 sample_range(0, shape[0]),
                 draw,
                 at::empty(shape, at::kDouble));
}

/// K palettes, each with some levels far more likely than others.
Palettes some_palettes(std::int64_t K) {
  Palettes palettes{at::log_softmax(draws(7, {K}), 0), 2 * draws(8, {K, 256})};
  palettes.log_ratios.select(1, 0).zero_();
  return palettes;
}

struct Case {
  MixturePrior prior = MixturePrior::grey_levels({0, 64, 255}, 2);
  at::Tensor outputs, z, alpha, sigma, x;

  explicit Case(const std::vector<double>& gammas, std::int64_t pixels = 12) {
    prior.palettes = std::make_shared<const PaletteLookup>(some_palettes(5));
    const auto B = static_cast<std::int64_t>(gammas.size());
    const at::Tensor gamma = at::tensor(gammas, at::kDouble);
    alpha = at::sigmoid(-gamma).sqrt();
    sigma = at::sigmoid(gamma).sqrt();
    x = (0.3 * draws(2, {B, pixels})).clamp(-1, 0.99);
    x.narrow(1, 0, 3).fill_(-0.997);  // background, two of it known to be
    outputs = draws(1, {B, prior.channels(), pixels});
    outputs.narrow(1, 0, 1).narrow(2, 0, 2).fill_(30);
    // Of what a network says, x is no great surprise.
    outputs.narrow(1, 5, 2).mul_(0.05).add_(x.unsqueeze(1));
    outputs.narrow(1, 7, 2).mul_(0.5).sub_(3);  // widths of some levels
    z = alpha.unsqueeze(1) * x + sigma.unsqueeze(1) * draws(3, {B, pixels});
  }
};

double largest(const at::Tensor& t) { return t.abs().max().item<double>(); }

class PalettesAs : public ::testing::TestWithParam<InLevel> {};

TEST_P(PalettesAs, TheKernelIsTheFormula) {
  // Palettes alone, with pixels alone mixed in, pixels alone. The kernel leaves out levels further
  // than 5.5 standard deviations of the noise from y.
  Case c({-14, -11, -9, -8, -7.6, -7.3, -6, 0});
  c.prior.in_level = GetParam();
  const auto gradients = [&](bool kernel, bool of_surprise) {
    const at::Tensor outputs = c.outputs.clone().requires_grad_();
    const at::Tensor z = c.z.clone().requires_grad_();
    const MixtureOutput out =
        kernel ? mixture_posterior(c.prior, outputs, z, c.alpha, c.sigma, c.x)
               : mixture_posterior_composed(c.prior, outputs, z, c.alpha, c.sigma, c.x);
    at::Tensor loss = (out.eps * draws(4, z.sizes())).sum();
    if (of_surprise) loss = loss + (out.surprise * draws(5, {z.size(0)})).sum();
    const auto g = torch::autograd::grad({loss}, {outputs, z});
    return std::vector<at::Tensor>{
        out.eps.detach(), out.variance, out.surprise.detach(), g[0], g[1]};
  };
  const char* const names[] = {"eps", "variance", "surprise", "by outputs", "by z"};
  for (const bool of_surprise : {false, true}) {
    const auto found = gradients(true, of_surprise), expected = gradients(false, of_surprise);
    for (std::size_t k = 0; k < found.size(); ++k) {
      for (std::int64_t i = 0; i < c.z.size(0); ++i) {
        EXPECT_LT(largest(found[k][i] - expected[k][i]), 5e-6 * (1 + largest(expected[k][i])))
            << names[k] << " of sample " << i << (of_surprise ? ", with surprise" : "");
      }
    }
  }
}

// Three pixels, four levels each, two palettes: every image there is.
TEST_P(PalettesAs, AreBayesRule) {
  const std::vector<int> levels{100, 101, 102, 103};
  MixturePrior prior = MixturePrior::grey_levels(levels, 0);
  Palettes palettes{at::tensor({std::log(0.3), std::log(0.7)}, at::kDouble),
                    at::zeros({2, 256}, at::kDouble)};
  palettes.log_ratios[0][100] = std::log(3.0);
  palettes.log_ratios[0][102] = std::log(0.2);
  palettes.log_ratios[1][103] = std::log(2.0);
  palettes.log_ratios[1][100] = std::log(0.1);
  prior.palettes = std::make_shared<const PaletteLookup>(palettes);
  prior.in_level = GetParam();
  const at::Tensor logits = draws(1, {1, 4, 3});
  const double gamma = -8.5, alpha = std::sqrt(1 / (1 + std::exp(gamma))),
               sigma = std::sqrt(1 / (1 + std::exp(-gamma))), s = sigma / alpha;
  // The noise is 1.8 levels wide.
  const std::array<double, 3> y{100.2 / 128 - 1, 102.9 / 128 - 1, 103.4 / 128 - 1};
  const at::Tensor z = alpha * at::tensor({y[0], y[1], y[2]}, at::kDouble).view({1, 3});
  const at::Tensor a = at::full({1}, alpha, at::kDouble), b = at::full({1}, sigma, at::kDouble);

  // Likelihood of y for x in a level, and E[x] there, by quadrature; one point is the middle.
  const int n = GetParam() == InLevel::middle ? 1 : 2000;
  const auto quadrature = [&](int level, double at_y) {
    double mass = 0, mean = 0;
    for (int k = 0; k < n; ++k) {
      const double x = (level + (k + 0.5) / n) / 128 - 1, u = (at_y - x) / s;
      const double w = std::exp(-0.5 * u * u) / n;
      mass += w;
      mean += w * x;
    }
    return std::array<double, 2>{mass, mean / mass};
  };
  double all = 0;
  std::array<double, 3> mean{};
  for (int i = 0; i < 64; ++i) {
    const std::array<int, 3> k{i % 4, i / 4 % 4, i / 16};
    for (int c = 0; c < 2; ++c) {
      double w = std::exp(palettes.log_weights[c].item<double>());
      std::array<double, 3> m{};
      for (int p = 0; p < 3; ++p) {
        const auto [mass, at_level] = quadrature(levels[k[p]], y[p]);
        w *= std::exp(logits[0][k[p]][p].item<double>() +
                      palettes.log_ratios[c][levels[k[p]]].item<double>()) *
             mass;
        m[p] = at_level;
      }
      all += w;
      for (int p = 0; p < 3; ++p) mean[p] += w * m[p];
    }
  }
  const MixtureOutput out = mixture_posterior(prior, logits, z, a, b);
  for (int p = 0; p < 3; ++p) {
    EXPECT_NEAR(out.eps[0][p].item<double>(), (y[p] - mean[p] / all) / s, 1e-6) << p;
  }
}

INSTANTIATE_TEST_SUITE_P(ValuesIn,
                         PalettesAs,
                         ::testing::Values(InLevel::uniform, InLevel::middle),
                         [](const auto& p) {
                           return p.param == InLevel::uniform ? "Levels" : "Middles";
                         });

// What one pixel says changes what is thought of another: by the palette alone.
TEST(Palettes, OnePixelTellsOfAnother) {
  MixturePrior prior = MixturePrior::grey_levels({}, 1);
  Palettes palettes{at::log(at::full({2}, 0.5, at::kDouble)), at::zeros({2, 256}, at::kDouble)};
  // Even levels in one, odd ones in the other.
  for (int v = 1; v < 256; ++v) palettes.log_ratios[v % 2][v] = -12;
  prior.palettes = std::make_shared<const PaletteLookup>(palettes);
  const double gamma = -11.5;
  const at::Tensor alpha = at::sigmoid(at::full({1}, -gamma, at::kDouble)).sqrt();
  const at::Tensor sigma = at::sigmoid(at::full({1}, gamma, at::kDouble)).sqrt();
  const at::Tensor outputs = at::zeros({1, 3, 2}, at::kDouble);
  const auto second = [&](int level_of_the_first) {
    // The second pixel lies on the border of levels 80 and 81.
    const at::Tensor y =
        at::tensor({(level_of_the_first + 0.5) / 128 - 1, 81 / 128.0 - 1}, at::kDouble);
    const at::Tensor eps =
        mixture_posterior(prior, outputs, (alpha * y).view({1, 2}), alpha, sigma).eps;
    return (y[1] - sigma[0] / alpha[0] * eps[0][1]).item<double>() * 128 + 128;
  };
  EXPECT_LT(second(100), 80.9);  // even
  EXPECT_GT(second(101), 81.1);  // odd
  EXPECT_NEAR(second(100) + second(101), 162, 0.02);
}

TEST(Palettes, AreFoundInImagesMadeOfThem) {
  // Images of 40 pixels, half of them background, whose other levels come from one of three sets.
  const std::vector<std::vector<int>> sets{{64, 128, 191}, {28, 57, 85, 113}, {200, 210}};
  const auto images = [&](std::uint64_t draw) {
    const std::int64_t N = 3000, pixels = 40;
    at::Tensor made = at::zeros({N, pixels}, at::kByte);
    const RandomStream stream(draw, Purpose::probe);
    for (std::int64_t i = 0; i < N; ++i) {
      const auto& set = sets[static_cast<std::size_t>(i % 3)];
      for (std::int64_t k = 0; k < pixels / 2; ++k) {
        const double u = uniform_pair(
            stream, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(k), 0)[0];
        made.data_ptr<std::uint8_t>()[i * pixels + k] =
            static_cast<std::uint8_t>(set[static_cast<std::size_t>(u * set.size())]);
      }
    }
    return made;
  };
  const at::Tensor seen = images(1), other = images(2);
  const Palettes palettes = fit_palettes(seen, {.palettes = 6, .rounds = 30, .prior = 10});
  check(palettes);
  // Nine levels are told apart without palettes, and those of a set with them: by their numbers,
  // ln 9 against ln 3, ln 4 and ln 2 (levels are about as frequent as their sets are small), less
  // the choice of a palette.
  const double frequencies[] = {1 / 9.0, 1 / 12.0, 1 / 6.0};
  double before = 0, after = std::log(3.0) / 20;
  for (int c = 0; c < 3; ++c) {
    before -= std::log(frequencies[c]) / 3;
    after += std::log(static_cast<double>(sets[static_cast<std::size_t>(c)].size())) / 3;
  }
  const double exact = 0.5 * (before - after) / std::log(2.0);
  EXPECT_NEAR(bits_saved(palettes, other), exact, 0.03);
  EXPECT_NEAR(bits_saved(fit_palettes(seen, {.palettes = 1}), other), 0, 0.005);
}

TEST(Palettes, RefuseWhatTheyCannotBe) {
  EXPECT_THROW(check({}), std::invalid_argument);
  Palettes palettes = some_palettes(3);
  check(palettes);
  palettes.log_ratios[1][0] = 1;
  EXPECT_THROW(check(palettes), std::invalid_argument);
  EXPECT_THROW(PaletteLookup{palettes}, std::invalid_argument);
  EXPECT_THROW(fit_palettes(at::zeros({2, 4}, at::kFloat)), std::invalid_argument);
  EXPECT_THROW(fit_palettes(at::zeros({2, 4}, at::kByte), {.palettes = 0}), std::invalid_argument);
  Case wide({-9});
  wide.prior.box_width = 1.0 / 64;
  EXPECT_THROW(mixture_posterior(wide.prior, wide.outputs, wide.z, wide.alpha, wide.sigma),
               std::invalid_argument);
}

// A palette of one level draws values near it to it, where levels are seen, and nowhere else.
TEST(Palettes, ANetworkTakesThem) {
  ScoreNetwork network(testing::small_network(4, 4, {0}));
  network.initialise(1);
  const at::Tensor z = at::full({1, 1, 4, 4}, 81.2 / 128 - 1, at::kFloat);
  const at::Tensor low = at::full({1}, -11, at::kFloat), high = at::full({1}, -6.5, at::kFloat);
  const c10::NoGradGuard no_grad;
  const at::Tensor before = network.eps(z, low), above = network.eps(z, high);
  Palettes palettes{at::zeros({1}, at::kDouble), at::zeros({1, 256}, at::kDouble)};
  palettes.log_ratios[0][81] = 3;
  network.take_palettes(palettes);
  EXPECT_LT(network.eps(z, low).mean().item<double>(), before.mean().item<double>() - 0.1);
  EXPECT_TRUE(network.eps(z, high).equal(above));

  ScoreNetwork plain({.head = Head::noise});
  EXPECT_THROW(plain.take_palettes(palettes), std::invalid_argument);
}

TEST(Palettes, AreReadAsTheyWereWritten) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() /
      ("stochflow-palettes-" + std::to_string(::getpid()) + ".safetensors");
  const Palettes palettes = some_palettes(3);
  save_palettes(file, palettes, "made up", "{}");
  const Palettes read = load_palettes(file);
  EXPECT_LT(largest(read.log_weights - palettes.log_weights), 1e-6);
  EXPECT_LT(largest(read.log_ratios - palettes.log_ratios), 1e-6);
  write_tensors(file, {.tensors = {{"log_weights", at::zeros({3})}}, .metadata = {}});
  EXPECT_THROW(load_palettes(file), std::runtime_error);  // of another format
  write_tensors(file,
                {.tensors = {{"log_weights", at::zeros({3})}},
                 .metadata = {{"format", "stochflow palettes 1"}}});
  EXPECT_THROW(load_palettes(file), std::runtime_error);  // incomplete
  std::filesystem::remove(file);
}

TEST(Palettes, HaveTheirSayWhereLevelsAreSeen) {
  EXPECT_EQ(share_of_palettes(-20), 1);
  EXPECT_EQ(share_of_palettes(-8), 1);
  EXPECT_EQ(share_of_palettes(-7), 0);
  EXPECT_EQ(share_of_palettes(-7.5), 0.5);
  EXPECT_EQ(share_of_palettes(5), 0);
}

}  // namespace
}  // namespace stochflow::diffusion
