#include "stochflow/diffusion/nets/deepen.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "diffusion/support/networks.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/unet.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

ScoreNetworkConfig with_blocks(std::int64_t down, std::int64_t deep, std::int64_t up) {
  ScoreNetworkConfig config = testing::small_network(8, 12);
  config.deep_channels = 24;
  config.blocks_down = down;
  config.blocks_deep = deep;
  config.blocks_up = up;
  return config;
}

at::Tensor draws(std::uint64_t draw, at::IntArrayRef shape) {
  const RandomStream stream(5, Purpose::probe);
  return normals(stream, sample_range(0, shape[0]), draw, at::empty(shape, at::kFloat));
}

/// A network none of whose parameters is silent.
ScoreNetwork trained(const ScoreNetworkConfig& config) {
  ScoreNetwork network(config);
  network.initialise(3);
  const c10::NoGradGuard no_grad;
  std::uint64_t draw = 100;
  for (at::Tensor p : network.unet().parameters()) p.add_(0.1 * draws(draw++, p.sizes()));
  return network;
}

TEST(Deepen, KeepsTheFunction) {
  const ScoreNetwork small = trained(with_blocks(1, 3, 2));
  const at::Tensor z = draws(0, {4, 1, 8, 12}), gamma = at::linspace(-12, 4, 4, at::kFloat);
  const c10::NoGradGuard no_grad;
  const at::Tensor expected = small.eps(z, gamma);
  for (const auto& config : {with_blocks(1, 3, 2), with_blocks(3, 6, 4), with_blocks(1, 4, 2)}) {
    ScoreNetwork deep(config);
    deepen(small, deep, 7);
    const at::Tensor found = deep.eps(z, gamma);
    EXPECT_LT((found - expected).abs().max().item<double>(),
              1e-5 * expected.abs().max().item<double>())
        << config.blocks_deep << " deep blocks";
  }
}

TEST(Deepen, ClassesMakeNoDifferenceAtFirst) {
  const ScoreNetwork small = trained(with_blocks(1, 3, 2));
  ScoreNetworkConfig config = with_blocks(1, 3, 2);
  config.classes = 4;
  ScoreNetwork labelled(config);
  deepen(small, labelled, 7);
  const at::Tensor z = draws(0, {4, 1, 8, 12}), gamma = at::linspace(-12, 4, 4, at::kFloat);
  const c10::NoGradGuard no_grad;
  EXPECT_TRUE(OfClass(labelled, 2).eps(z, gamma).equal(small.eps(z, gamma)));
  // What is known is not forgotten in silence.
  ScoreNetwork plain(with_blocks(1, 3, 2));
  EXPECT_THROW(deepen(labelled, plain, 7), std::invalid_argument);
}

TEST(Deepen, RefusesWhatCannotHoldTheSmallNetwork) {
  const ScoreNetwork small = trained(with_blocks(2, 3, 2));
  ScoreNetwork shallow(with_blocks(1, 3, 2)), one_sided(with_blocks(2, 2, 2));
  EXPECT_THROW(deepen(small, shallow, 1), std::invalid_argument);
  EXPECT_THROW(deepen(small, one_sided, 1), std::invalid_argument);
  ScoreNetworkConfig wide_config = with_blocks(2, 3, 2);
  wide_config.channels = 32;
  ScoreNetwork wide(wide_config);
  EXPECT_THROW(deepen(small, wide, 1), std::invalid_argument);
}

TEST(HalfPrecision, WeightsLoadAsTheNetworkTheyRoundTo) {
  const ScoreNetwork network = trained(with_blocks(1, 1, 1));
  const auto file = std::filesystem::temp_directory_path() /
                    ("stochflow-half-" + std::to_string(::getpid()) + ".safetensors");
  const NetworkDescription description{
      .data_shape = {1, 8, 12}, .gamma_min = -16, .gamma_max = 5, .data = {}, .recipe = {}};
  save_score_network(file, network, description, at::kFloat);
  const auto full = std::filesystem::file_size(file);
  save_score_network(file, network, description, at::kHalf);
  EXPECT_LT(static_cast<double>(std::filesystem::file_size(file)),
            0.75 * static_cast<double>(full));
  const auto loaded = load_network(file, "cpu").network;
  const at::Tensor z = draws(0, {4, 1, 8, 12}), gamma = at::linspace(-12, 4, 4, at::kFloat);
  const c10::NoGradGuard no_grad;
  const at::Tensor expected = network.eps(z, gamma);
  const double off = (loaded->eps(z, gamma) - expected).abs().max().item<double>();
  EXPECT_GT(off, 0);
  EXPECT_LT(off, 0.02 * expected.abs().max().item<double>());
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace stochflow::diffusion
