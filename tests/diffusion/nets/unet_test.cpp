#include "stochflow/diffusion/nets/unet.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>

#include "diffusion/support/networks.hpp"
#include "stochflow/diffusion/nets/modulated_norm.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

ScoreNetworkConfig small(Head head = Head::mixture_posterior) {
  ScoreNetworkConfig config = testing::small_network(8, 12);
  config.head = head;
  if (head == Head::noise) config.box_levels = {};
  return config;
}

at::Tensor draws(std::uint64_t draw, at::IntArrayRef shape) {
  return normals(RandomStream(5, Purpose::probe),
                 sample_range(0, shape[0]),
                 draw,
                 at::empty(shape, at::kFloat));
}

// All parameters, the silent ones too, so that nothing hides behind a zero.
void stir(const ScoreNetwork& network) {
  const c10::NoGradGuard no_grad;
  std::uint64_t draw = 100;
  for (auto& p : network.unet().parameters()) {
    at::Tensor target = p;
    target.add_(0.1 * draws(draw++, p.sizes()));
  }
}

double largest(const at::Tensor& t) { return t.abs().max().item<double>(); }

TEST(UNet, SamplesOfABatchDoNotMeet) {
  ScoreNetwork network(small());
  network.initialise(3);
  stir(network);
  const c10::NoGradGuard no_grad;
  const at::Tensor z = draws(0, {5, 1, 8, 12}), gamma = at::linspace(-16, 5, 5, at::kFloat);
  const at::Tensor all = network.eps(z, gamma);
  ASSERT_EQ(all.sizes(), z.sizes());
  for (std::int64_t i = 0; i < 5; ++i) {
    const at::Tensor alone = network.eps(z.narrow(0, i, 1), gamma.narrow(0, i, 1));
    EXPECT_LT(largest(alone[0] - all[i]), 1e-4 * largest(all[i])) << i;
  }
  // Another neighbour changes nothing but itself.
  at::Tensor other = z.clone();
  other[4].fill_(3);
  EXPECT_EQ(largest(network.eps(other, gamma).narrow(0, 0, 4) - all.narrow(0, 0, 4)), 0);
  EXPECT_GT(largest(network.eps(other, gamma)[4] - all[4]), 0.01);
}

// A sample has the same bits in any place of its batch, in a network of the shipped one's size: the
// tiles of matrix kernels begin elsewhere for each.
TEST(UNet, APlaceInTheBatchLeavesNoTrace) {
  const ScoreNetworkConfig config{.box_levels = {0, 255}};
  ScoreNetwork network(config);
  stir(network);
  const at::Tensor one = draws(1, {1, 1, 28, 28});
  const at::Tensor z = one.repeat({8, 1, 1, 1}).requires_grad_(true);
  const at::Tensor eps = network.eps(z, at::full({8}, -3.0, at::kFloat));
  const at::Tensor slope = torch::autograd::grad({eps.square().sum()}, {z})[0];
  for (std::int64_t row = 1; row < 8; ++row) {
    EXPECT_TRUE(at::equal(eps[row], eps[0])) << row;
    EXPECT_TRUE(at::equal(slope[row], slope[0])) << row;
  }
}

TEST(UNet, ShapesOfTheBatchAreTheCallers) {
  ScoreNetwork network(small());
  network.initialise(3);
  const at::Tensor z = draws(0, {2, 96}), gamma = at::zeros({2});
  EXPECT_EQ(network.eps(z, gamma).sizes(), z.sizes());
  EXPECT_EQ(network.eps(z.to(at::kDouble), gamma.to(at::kDouble)).scalar_type(), at::kDouble);
  EXPECT_THROW(network.eps(draws(0, {2, 95}), gamma), std::invalid_argument);
  EXPECT_THROW(network.eps(z, at::zeros({3})), std::invalid_argument);
}

TEST(UNet, DoesWithoutBlocks) {
  ScoreNetworkConfig config = small();
  config.blocks_down = config.blocks_deep = config.blocks_up = 0;
  ScoreNetwork network(config);
  network.initialise(3);
  const at::Tensor z = draws(0, {2, 1, 8, 12});
  EXPECT_TRUE(at::isfinite(network.eps(z, at::zeros({2}))).all().item<bool>());
}

TEST(UNet, EverySettingThatCannotWorkIsNamed) {
  const auto refused = [](const auto& change) {
    ScoreNetworkConfig config = small();
    change(config);
    EXPECT_THROW(ScoreNetwork{config}, std::invalid_argument);
  };
  refused([](auto& c) { c.height = 10; });
  refused([](auto& c) { c.channels = 12; });
  refused([](auto& c) { c.heads = 3; });
  refused([](auto& c) { c.gamma_max = c.gamma_min; });
}

TEST(UNet, BothNoiseEnds) {
  for (const Head head : {Head::mixture_posterior, Head::noise}) {
    ScoreNetwork network(small(head));
    network.initialise(3);
    stir(network);
    const at::Tensor z = draws(0, {3, 1, 8, 12});
    // Beyond the trained range everything stays finite, and at the noisy end eps_hat is z.
    const at::Tensor gamma = at::tensor({-20.0, 5.0, 16.0}, at::kFloat);
    const at::Tensor eps = network.eps(z, gamma);
    EXPECT_TRUE(at::isfinite(eps).all().item<bool>());
    EXPECT_LT(largest(eps[2] - z[2]), 0.05);
    // The U-Net itself sees the nearest level it knows.
    const at::Tensor ends = at::tensor({-16.0, 5.0, 5.0}, at::kFloat);
    EXPECT_TRUE(at::equal(network.unet().forward(z, gamma), network.unet().forward(z, ends)));
  }
}

TEST(UNet, GradientsAreThoseOfDifferences) {
  for (const Head head : {Head::mixture_posterior, Head::noise}) {
    ScoreNetwork network(small(head));
    network.initialise(3);
    stir(network);
    network.unet().to(at::kDouble);
    const at::Tensor z = draws(0, {2, 1, 8, 12}).to(at::kDouble).requires_grad_(true);
    const at::Tensor gamma = at::tensor({-3.0, 1.0}, at::kDouble);
    const at::Tensor probe = draws(1, z.sizes()).to(at::kDouble);
    const at::Tensor direction = draws(2, z.sizes()).to(at::kDouble);
    const auto by_z = torch::autograd::grad({network.eps(z, gamma)}, {z}, {probe})[0];
    const c10::NoGradGuard no_grad;
    const double h = 1e-5;
    const at::Tensor difference =
        (network.eps(z + h * direction, gamma) - network.eps(z - h * direction, gamma)) / (2 * h);
    const double expected = (difference * probe).sum().item<double>();
    EXPECT_NEAR((by_z * direction).sum().item<double>(), expected, 1e-6 * std::abs(expected));
  }
}

// Without a GPU: the meta device has shapes and no numbers, so a hidden transfer or read throws.
TEST(UNet, RunsOnAnyDevice) {
  for (const Head head : {Head::mixture_posterior, Head::noise}) {
    const ScoreNetwork network(small(head), at::kMeta);
    const auto options = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
    const at::Tensor eps = network.eps(at::empty({4, 1, 8, 12}, options), at::empty({4}, options));
    EXPECT_TRUE(eps.is_meta());
    EXPECT_EQ(eps.sizes(), (std::vector<std::int64_t>{4, 1, 8, 12}));
  }
}

TEST(UNet, MixedPrecisionStaysNearby) {
  ScoreNetwork network(small(Head::noise));
  network.initialise(3);
  stir(network);
  const c10::NoGradGuard no_grad;
  const at::Tensor z = draws(0, {4, 1, 8, 12}), gamma = at::linspace(-10, 2, 4, at::kFloat);
  const at::Tensor full = network.evaluate(z, gamma).eps;
  const at::Tensor mixed = network.evaluate(z, gamma, {.mixed_precision = true}).eps;
  EXPECT_GT(largest(mixed - full), 0);  // it does something
  EXPECT_LT(largest(mixed - full), 0.05 * largest(full));
}

TEST(ModulatedNorm, KernelAgreesWithTheComposedText) {
  for (const auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous}) {
    const at::Tensor x = (3 + 2 * draws(0, {3, 24, 5, 7})).contiguous(format);
    const at::Tensor gain = 1 + draws(1, {3, 24}), offset = draws(2, {3, 24});
    const at::Tensor probe = draws(3, x.sizes());
    const auto run = [&](const auto& norm) {
      std::vector<at::Tensor> inputs;
      for (const at::Tensor& t : {x, gain, offset}) {
        inputs.push_back(t.clone().requires_grad_(true));
      }
      const at::Tensor y = norm(inputs[0], inputs[1], inputs[2], 4, at::kFloat);
      auto result = torch::autograd::grad({y}, inputs, {probe});
      result.push_back(y.detach());
      return result;
    };
    const auto found = run(modulated_norm_silu), expected = run(modulated_norm_silu_composed);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_LT(largest(found[i] - expected[i]), 1e-5 * largest(expected[i])) << i;
    }
  }
  EXPECT_THROW(modulated_norm_silu(
                   at::ones({1, 6, 2, 2}), at::ones({1, 6}), at::ones({1, 6}), 4, at::kFloat),
               std::invalid_argument);
}

// Classes: silent at first, then each its own, and no label is the network without labels.
TEST(ScoreNetwork, KnowsClassesItIsTaught) {
  ScoreNetworkConfig config = small();
  config.classes = 3;
  const ScoreNetwork network(config);
  {
    const c10::NoGradGuard no_grad;
    stir(network);
    auto table = network.unet().named_parameters()["label_table"];
    table.zero_();
  }
  const at::Tensor z = draws(0, {2, 1, 8, 12}), gamma = at::tensor({-1.0F, 1.0F});
  const at::Tensor silent = network.eps(z, gamma);
  EXPECT_TRUE(OfClass(network, 2).eps(z, gamma).equal(silent));
  {
    const c10::NoGradGuard no_grad;
    auto table = network.unet().named_parameters()["label_table"];
    table.copy_(draws(7, table.sizes()));
  }
  const at::Tensor zero = OfClass(network, 0).eps(z, gamma),
                   one = OfClass(network, 1).eps(z, gamma);
  EXPECT_GT(largest(zero - one), 1e-3);
  EXPECT_GT(largest(zero - network.eps(z, gamma)), 1e-3);
  // Labels are each row's own.
  const at::Tensor mixed =
      network.evaluate(z, gamma, {.labels = at::tensor({0, 1}, at::kLong)}).eps;
  EXPECT_LT(largest(mixed[0] - zero[0]), 1e-5);
  EXPECT_LT(largest(mixed[1] - one[1]), 1e-5);
  const at::Tensor unlabelled =
      network.evaluate(z, gamma, {.labels = at::tensor({3, 3}, at::kLong)}).eps;
  EXPECT_LT(largest(unlabelled - network.eps(z, gamma)), 1e-5);

  EXPECT_THROW(OfClass(network, 3), std::invalid_argument);
  EXPECT_THROW(OfClass(ScoreNetwork(small()), 0), std::invalid_argument);
  EXPECT_THROW(network.evaluate(z, gamma, {.labels = at::zeros({1}, at::kLong)}),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
