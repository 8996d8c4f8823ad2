#include "stochflow/diffusion/nets/classifier.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/nets/modulated_norm.hpp"

namespace stochflow::diffusion {

using namespace layers;

void ClassifierConfig::check() const {
  const std::string what = "classifier";
  check_sizes(what, image_channels, height, width, groups, channels, deep_channels);
  require(what, classes >= 2, "needs at least two classes");
  require(what, blocks >= 0, "block counts are at least 0");
  require(what, embedding >= 1, "the embedding needs at least one channel");
  require(what, gamma_max >= gamma_min, "gamma_max must not be below gamma_min");
}

Classifier::Classifier(const ClassifierConfig& config, at::Device device) : config_(config) {
  config_.check();
  const std::int64_t c = config_.channels, d = config_.deep_channels, e = config_.embedding;
  const auto zeros = [&](const std::string& name, std::vector<std::int64_t> shape) {
    return register_parameter(name, at::zeros(shape, device));
  };
  embed_weight_ = zeros("embed_weight", {e, gamma_features});
  embed_bias_ = zeros("embed_bias", {e});
  const std::int64_t modulated = 2 * config_.blocks * (c + d);
  modulation_weight_ = zeros("modulation_weight", {modulated, e});
  modulation_bias_ = zeros("modulation_bias", {modulated});
  stem_ = make_convolution(*this, "stem", 4 * config_.image_channels, c, 3, device);
  for (std::int64_t i = 0; i < config_.blocks; ++i) {
    blocks_.push_back(make_block(*this, "block" + std::to_string(i), c, device));
  }
  shrink_ = make_convolution(*this, "shrink", c, d, 3, device);
  for (std::int64_t i = 0; i < config_.blocks; ++i) {
    deep_.push_back(make_block(*this, "deep" + std::to_string(i), d, device));
  }
  last_gain_ = register_parameter("last_gain", at::ones({d}, device));
  last_offset_ = zeros("last_offset", {d});
  output_weight_ = zeros("output_weight", {config_.classes, d});
  output_bias_ = zeros("output_bias", {config_.classes});
}

void Classifier::initialise(std::uint64_t seed) {
  draw_parameters(*this, seed, [](const std::string& name) {
    const bool silent = name.ends_with("second_weight") || name == "output_weight";
    return silent ? 0 : name == "modulation_weight" ? 0.3 : 1;
  });
}

Classifier::Output Classifier::evaluate(const at::Tensor& z, const at::Tensor& gamma) const {
  const std::int64_t pixels = config_.image_channels * config_.height * config_.width;
  if (z.dim() < 2 || z.numel() != z.size(0) * pixels || gamma.dim() != 1 ||
      gamma.size(0) != z.size(0)) {
    throw std::invalid_argument("classifier: expected z [B, ...] with " + std::to_string(pixels) +
                                " values a sample and gamma [B]");
  }
  const auto type = output_bias_.scalar_type();
  const std::int64_t batch = z.size(0), groups = config_.groups;
  const at::Tensor image =
      z.to(type).reshape({batch, config_.image_channels, config_.height, config_.width});
  const double gamma_max = std::max(config_.gamma_max, config_.gamma_min + 1);  // equal ends
  const at::Tensor features =
      features_of_gamma(gamma.to(image.options()).clamp(config_.gamma_min, config_.gamma_max),
                        config_.gamma_min,
                        gamma_max);
  const at::Tensor modulation =
      at::linear(at::silu(at::linear(features, embed_weight_, embed_bias_)),
                 modulation_weight_,
                 modulation_bias_);
  std::int64_t used = 0;
  const auto run = [&](const std::vector<Block>& blocks, at::Tensor h) {
    for (const Block& block : blocks) {
      const std::int64_t c = h.size(1);
      h = run_block(block,
                    h,
                    modulation.narrow(1, used, c) + 1,
                    modulation.narrow(1, used + c, c),
                    groups,
                    type);
      used += 2 * c;
    }
    return h;
  };
  at::Tensor h = run(blocks_, convolve(space_to_depth(image), stem_));
  h = run(deep_, convolve(h, shrink_, 2));
  h = modulated_norm_silu(
      h, per_sample(last_gain_, batch), per_sample(last_offset_, batch), groups, type);
  const at::Tensor seen = h.mean({2, 3});
  return {at::linear(seen, output_weight_, output_bias_), seen};
}

at::Tensor Classifier::log_probability(const at::Tensor& z,
                                       const at::Tensor& gamma,
                                       std::int64_t label) const {
  if (label < 0 || label >= config_.classes) {
    throw std::invalid_argument("classifier: class " + std::to_string(label) +
                                " does not exist, expected 0 to " +
                                std::to_string(config_.classes - 1));
  }
  return at::log_softmax(evaluate(z, gamma).logits, 1).select(1, label).to(z.scalar_type());
}

}  // namespace stochflow::diffusion
