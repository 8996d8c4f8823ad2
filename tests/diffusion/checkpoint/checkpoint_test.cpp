#include "stochflow/diffusion/checkpoint.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "diffusion/support/networks.hpp"
#include "stochflow/diffusion/nets/palettes.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/nets/unet.hpp"

namespace stochflow::diffusion {
namespace {

class Checkpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = testing::small_network(8, 8, {0});
    network_ = std::make_unique<ScoreNetwork>(config_);
    network_->initialise(4);
    const c10::NoGradGuard no_grad;
    network_->unet().parameters().back().add_(0.1);
    save();
  }
  void TearDown() override { std::filesystem::remove(file_); }

  void save() const {
    save_score_network(file_,
                       *network_,
                       {.data_shape = {1, 8, 8},
                        .gamma_min = -16,
                        .gamma_max = 5,
                        .data = "test",
                        .recipe = "{}"});
  }
  std::string bytes() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(const std::string& bytes) const {
    std::ofstream(file_, std::ios::binary) << bytes;
  }
  /// The sentence with which the file is refused after `change` of its content.
  template <class Change>
  std::string refusal(const Change& change) const {
    TensorFile content = read_tensors(file_);
    change(content);
    write_tensors(file_, content);
    return refusal();
  }
  std::string refusal() const {
    try {
      load_score_network(file_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  static bool says(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
  }

  ScoreNetworkConfig config_;
  std::unique_ptr<ScoreNetwork> network_;
  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("stochflow-checkpoint-" + std::to_string(getpid()));
};

TEST_F(Checkpoint, ComesBackAsItWas) {
  const LoadedNetwork loaded = load_network(file_);
  EXPECT_EQ(loaded.description.data, "test");
  EXPECT_EQ(loaded.description.data_shape, (std::vector<std::int64_t>{1, 8, 8}));
  EXPECT_EQ(loaded.description.gamma_max, 5);
  const at::Tensor z = at::ones({2, 1, 8, 8}), gamma = at::zeros({2});
  EXPECT_TRUE(at::equal(loaded.network->eps(z, gamma), network_->eps(z, gamma)));
}

// The golden vectors are those of the network with its palettes.
TEST_F(Checkpoint, PalettesComeBackWithTheNetwork) {
  EXPECT_FALSE(load_network(file_).network->palettes());
  const double half = std::log(0.5), third = std::log(1.0 / 3);
  Palettes palettes{at::full({2}, half, at::kDouble), at::zeros({2, 256}, at::kDouble)};
  palettes.log_ratios[1].narrow(0, 1, 255).fill_(third);
  network_->take_palettes(palettes);
  save();
  const auto found = load_network(file_).network->palettes();
  ASSERT_TRUE(found);
  EXPECT_TRUE(at::allclose(found->log_weights, palettes.log_weights, 1e-6));
  EXPECT_TRUE(at::allclose(found->log_ratios, palettes.log_ratios, 1e-6));
  const TensorFile good = read_tensors(file_);
  EXPECT_TRUE(says(refusal([](TensorFile& f) { f.tensors["palettes/log_ratios"][1].fill_(0.5); }),
                   "0 for level 0"));
  write_tensors(file_, good);
  EXPECT_TRUE(says(refusal([](TensorFile& f) {
                     at::Tensor& ratios = f.tensors["palettes/log_ratios"];
                     for (std::int64_t v = 8; v < 256; v += 8) ratios[1][v] = 6;
                   }),
                   "golden"));
}

TEST_F(Checkpoint, TensorsOfEveryKindSurvive) {
  TensorFile content;
  content.metadata = {{"note", "\"quotes\" and \n lines"}};
  content.tensors = {{"a", at::arange(6, at::kFloat).view({2, 3})},
                     {"b", at::arange(4, at::kLong)},
                     {"c", at::full({1}, 0.1, at::kDouble)},
                     {"d", at::empty({0}, at::kByte)}};
  write_tensors(file_, content);
  const TensorFile back = read_tensors(file_);
  EXPECT_EQ(back.metadata, content.metadata);
  ASSERT_EQ(back.tensors.size(), 4u);
  for (const auto& [name, tensor] : content.tensors) {
    EXPECT_TRUE(at::equal(back.tensors.at(name), tensor)) << name;
    EXPECT_EQ(back.tensors.at(name).scalar_type(), tensor.scalar_type());
  }
}

TEST_F(Checkpoint, DamagedFilesAreRefusedWithTheReason) {
  const std::string whole = bytes();
  overwrite(whole.substr(0, 5));
  EXPECT_TRUE(says(refusal(), "not a safetensors file"));
  overwrite(whole.substr(0, whole.size() - 10));
  EXPECT_TRUE(says(refusal(), "cut off"));
  overwrite(whole + "more");
  EXPECT_TRUE(says(refusal(), "left over"));
  std::string scrambled = whole;
  scrambled[8] = '[';
  overwrite(scrambled);
  EXPECT_TRUE(says(refusal(), "JSON"));
  std::filesystem::remove(file_);
  EXPECT_TRUE(says(refusal(), "no such file"));
}

TEST_F(Checkpoint, AnotherNetworkIsRefusedWithTheReason) {
  EXPECT_TRUE(says(refusal([](TensorFile& c) {
                     c.tensors.at("weight/stem_bias")[0] = std::numeric_limits<float>::quiet_NaN();
                   }),
                   "NaN"));
  SetUp();
  EXPECT_TRUE(says(refusal([](TensorFile& c) { c.tensors.erase("weight/stem_bias"); }), "another"));
  SetUp();
  EXPECT_TRUE(says(refusal([](TensorFile& c) { c.tensors["weight/extra"] = at::ones({1}); }),
                   "more than the description"));
  SetUp();
  EXPECT_TRUE(says(refusal([](TensorFile& c) { c.tensors.at("weight/output_bias").add_(0.3); }),
                   "golden vectors"));
  SetUp();
  EXPECT_TRUE(
      says(refusal([](TensorFile& c) { c.metadata["format"] = "other"; }), "not a score network"));
  SetUp();
  EXPECT_TRUE(says(refusal([](TensorFile& c) { c.metadata["network"] = "{\"family\":\"unet\"}"; }),
                   "incomplete"));
}

}  // namespace
}  // namespace stochflow::diffusion
