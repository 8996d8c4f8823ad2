#include "stochflow/diffusion/nets/unet.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/nets/modulated_norm.hpp"

namespace stochflow::diffusion {

using namespace layers;
void UNetConfig::check() const {
  const std::string what = "U-Net";
  check_sizes(what, image_channels, height, width, groups, channels, deep_channels);
  require(what, outputs >= 1, "needs at least one output");
  require(
      what, blocks_down >= 0 && blocks_up >= 0 && blocks_deep >= 0, "block counts are at least 0");
  require(what,
          heads >= 0 && (heads == 0 || deep_channels % heads == 0),
          "the number of attention heads must divide deep_channels");
  require(what, embedding >= 1, "the embedding needs at least one channel");
  require(what, classes >= 0, "the number of classes is at least 0");
  require(what, gamma_max > gamma_min, "gamma_max must be above gamma_min");
}

UNet::UNet(const UNetConfig& config, at::Device device) : config_(config), device_(device) {
  config_.check();
  const std::int64_t c = config_.channels, d = config_.deep_channels, e = config_.embedding;
  const auto zeros = [&](const std::string& name, std::vector<std::int64_t> shape) {
    return register_parameter(name, at::zeros(shape, device_));
  };
  const auto ones = [&](const std::string& name, std::int64_t n) {
    return register_parameter(name, at::ones({n}, device_));
  };
  embed1_weight_ = zeros("embed1_weight", {e, gamma_features});
  embed1_bias_ = zeros("embed1_bias", {e});
  embed2_weight_ = zeros("embed2_weight", {e, e});
  embed2_bias_ = zeros("embed2_bias", {e});
  stem_ = make_convolution(*this, "stem", 4 * config_.image_channels, c, 3, device_);
  const auto blocks = [&](const std::string& name, std::int64_t count, std::int64_t channels) {
    std::vector<Block> result;
    for (std::int64_t i = 0; i < count; ++i) {
      result.push_back(make_block(*this, name + std::to_string(i), channels, device_));
    }
    return result;
  };
  down_ = blocks("down", config_.blocks_down, c);
  shrink_ = make_convolution(*this, "shrink", c, d, 3, device_);
  deep_ = blocks("deep", config_.blocks_deep, d);
  if (config_.heads > 0) {
    attention_after_ = (config_.blocks_deep + 1) / 2;
    attention_gain_ = ones("attention_gain", d);
    attention_offset_ = zeros("attention_offset", {d});
    qkv_weight_ = zeros("attention_qkv_weight", {3 * d, d});
    mix_weight_ = zeros("attention_mix_weight", {d, d});
    mix_bias_ = zeros("attention_mix_bias", {d});
  }
  grow_ = make_convolution(*this, "grow", d, 4 * c, 1, device_);
  merge_ = make_convolution(*this, "merge", 2 * c, c, 1, device_);
  up_ = blocks("up", config_.blocks_up, c);
  const std::int64_t modulated =
      2 * (c * (config_.blocks_down + config_.blocks_up) + d * config_.blocks_deep);
  modulation_weight_ = zeros("modulation_weight", {modulated, e});
  modulation_bias_ = zeros("modulation_bias", {modulated});
  if (config_.classes > 0) label_table_ = zeros("label_table", {config_.classes + 1, e});
  last_gain_ = ones("last_gain", c);
  last_offset_ = zeros("last_offset", {c});
  output_weight_ = zeros("output_weight", {4 * config_.outputs, c, 1, 1});
  output_bias_ = zeros("output_bias", {4 * config_.outputs});
}

void UNet::initialise(std::uint64_t seed) {
  // A block adds nothing at first, and noise levels are not told apart.
  draw_parameters(*this, seed, [](const std::string& name) {
    const bool silent =
        name.ends_with("second_weight") || name.ends_with("mix_weight") || name == "output_weight";
    return silent ? 0 : name == "modulation_weight" ? 0.3 : 1;
  });
}

bool UNet::between_hidden_channels(const std::string& name) {
  for (const char* const end : {"_first_weight",
                                "_second_weight",
                                "shrink_weight",
                                "grow_weight",
                                "merge_weight",
                                "attention_qkv_weight",
                                "attention_mix_weight"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

std::int64_t UNet::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& p : parameters()) count += p.numel();
  return count;
}

namespace {

// [B, 4C, H, W] -> [B, C, 2H, 2W].
at::Tensor depth_to_space(const at::Tensor& x) { return at::pixel_shuffle(x.contiguous(), 2); }

}  // namespace

at::Tensor UNet::embed(const at::Tensor& gamma, const at::Tensor& labels) const {
  const at::Tensor features = features_of_gamma(gamma, config_.gamma_min, config_.gamma_max);
  const at::Tensor h = at::silu(at::linear(features, embed1_weight_, embed1_bias_));
  const at::Tensor level = at::linear(h, embed2_weight_, embed2_bias_);
  if (config_.classes == 0) return at::silu(level);
  const at::Tensor label = labels.defined() ? label_table_.index_select(0, labels)
                                            : label_table_.narrow(0, config_.classes, 1);
  // Scaled as embeddings usually are (Vaswani et al. 2017, section 3.4), so that Adam's small steps
  // lead somewhere.
  return at::silu(level + std::sqrt(static_cast<double>(config_.embedding)) * label);
}

at::Tensor UNet::attend(const at::Tensor& h) const {
  const std::int64_t batch = h.size(0), d = h.size(1), tokens = h.size(2) * h.size(3);
  const std::int64_t heads = config_.heads, size = d / heads;
  const at::Tensor n = modulated_norm_silu(h,
                                           per_sample(attention_gain_, batch),
                                           per_sample(attention_offset_, batch),
                                           config_.groups,
                                           h.scalar_type());
  const auto project = [](const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    return convolve(x, {weight.unsqueeze(-1).unsqueeze(-1), bias});
  };
  const at::Tensor none = at::zeros({3 * d}, qkv_weight_.options());
  const at::Tensor qkv = project(n, qkv_weight_, none)
                             .permute({0, 2, 3, 1})
                             .reshape({batch, tokens, 3, heads, size})
                             .permute({2, 0, 3, 1, 4});
  const at::Tensor weights =
      at::softmax(at::matmul(qkv[0], qkv[1].transpose(-1, -2)) / std::sqrt(double(size)), -1);
  const at::Tensor mixed = at::matmul(weights, qkv[2])
                               .transpose(1, 2)
                               .reshape({batch, h.size(2), h.size(3), d})
                               .permute({0, 3, 1, 2});
  return h + project(mixed, mix_weight_, mix_bias_);
}

at::Tensor UNet::forward(const at::Tensor& z,
                         const at::Tensor& gamma,
                         bool mixed_precision,
                         const at::Tensor& labels) {
  if (z.dim() != 4 || z.size(1) != config_.image_channels || z.size(2) != config_.height ||
      z.size(3) != config_.width || gamma.dim() != 1 || gamma.size(0) != z.size(0)) {
    throw std::invalid_argument("U-Net: expected z [B, " + std::to_string(config_.image_channels) +
                                ", " + std::to_string(config_.height) + ", " +
                                std::to_string(config_.width) + "] and gamma [B]; z has " +
                                std::to_string(z.dim()) + " dimensions and " +
                                std::to_string(z.numel()) + " elements");
  }
  if (labels.defined() && (config_.classes == 0 || labels.dim() != 1 ||
                           labels.size(0) != z.size(0) || labels.scalar_type() != at::kLong)) {
    throw std::invalid_argument(
        "U-Net: expected labels [B] int64 for a network that knows classes; "
        "this one knows " +
        std::to_string(config_.classes));
  }
  const at::ScalarType full = z.scalar_type(), fast = mixed_precision ? at::kBFloat16 : full;
  const at::Tensor modulation =
      at::linear(embed(gamma, labels), modulation_weight_, modulation_bias_);
  std::int64_t used = 0;
  const auto run = [&](const std::vector<Block>& blocks, std::size_t i, const at::Tensor& h) {
    const std::int64_t c = h.size(1);
    const at::Tensor gain = modulation.narrow(1, used, c) + 1;
    const at::Tensor offset = modulation.narrow(1, used + c, c);
    used += 2 * c;
    return run_block(blocks[i], h, gain, offset, config_.groups, fast);
  };
  const auto in = [&](const at::Tensor& h) { return h.to(fast); };

  at::Tensor h = convolve(space_to_depth(z), stem_);
  for (std::size_t i = 0; i < down_.size(); ++i) h = run(down_, i, h);
  const at::Tensor skip = h;
  h = convolve(in(h), shrink_, 2).to(full);
  for (std::size_t i = 0; i < deep_.size(); ++i) {
    h = run(deep_, i, h);
    if (config_.heads > 0 && static_cast<std::int64_t>(i) + 1 == attention_after_) h = attend(h);
  }
  h = depth_to_space(convolve(h, grow_));
  h = at::cat({h.contiguous(at::MemoryFormat::ChannelsLast), skip}, 1);
  h = convolve(in(h), merge_).to(full) + skip;
  for (std::size_t i = 0; i < up_.size(); ++i) h = run(up_, i, h);
  const std::int64_t batch = h.size(0);
  h = modulated_norm_silu(
      h, per_sample(last_gain_, batch), per_sample(last_offset_, batch), config_.groups, full);
  return depth_to_space(convolve(h, {output_weight_, output_bias_}));
}

}  // namespace stochflow::diffusion
