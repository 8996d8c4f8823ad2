#include "stochflow/diffusion/nets/unet.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/nets/modulated_norm.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

constexpr std::int64_t gamma_frequencies = 16;

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() &&
         text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

}  // namespace

void UNetConfig::check() const {
  const auto require = [](bool good, const std::string& sentence) {
    if (!good) throw std::invalid_argument("U-Net: " + sentence);
  };
  require(image_channels >= 1 && outputs >= 1, "needs at least one input and one output channel");
  require(height >= 4 && width >= 4 && height % 4 == 0 && width % 4 == 0,
          "the image's height and width must be multiples of 4, found " + std::to_string(height) +
              " x " + std::to_string(width));
  require(groups >= 1 && channels >= 1 && deep_channels >= 1 && channels % groups == 0 &&
              deep_channels % groups == 0,
          "the number of groups must divide both channel counts");
  require(blocks_down >= 0 && blocks_up >= 0 && blocks_deep >= 0, "block counts are at least 0");
  require(heads >= 0 && (heads == 0 || deep_channels % heads == 0),
          "the number of attention heads must divide deep_channels");
  require(embedding >= 1, "the embedding needs at least one channel");
  require(gamma_max > gamma_min, "gamma_max must be above gamma_min");
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
  embed1_weight_ = zeros("embed1_weight", {e, 2 * gamma_frequencies});
  embed1_bias_ = zeros("embed1_bias", {e});
  embed2_weight_ = zeros("embed2_weight", {e, e});
  embed2_bias_ = zeros("embed2_bias", {e});
  stem_ = make_convolution("stem", 4 * config_.image_channels, c, 3);
  const auto blocks = [&](const std::string& name, std::int64_t count, std::int64_t channels) {
    std::vector<Block> result;
    for (std::int64_t i = 0; i < count; ++i) {
      result.push_back(make_block(name + std::to_string(i), channels));
    }
    return result;
  };
  down_ = blocks("down", config_.blocks_down, c);
  shrink_ = make_convolution("shrink", c, d, 3);
  deep_ = blocks("deep", config_.blocks_deep, d);
  if (config_.heads > 0) {
    attention_after_ = (config_.blocks_deep + 1) / 2;
    attention_gain_ = ones("attention_gain", d);
    attention_offset_ = zeros("attention_offset", {d});
    qkv_weight_ = zeros("attention_qkv_weight", {3 * d, d});
    mix_weight_ = zeros("attention_mix_weight", {d, d});
    mix_bias_ = zeros("attention_mix_bias", {d});
  }
  grow_ = make_convolution("grow", d, 4 * c, 1);
  merge_ = make_convolution("merge", 2 * c, c, 1);
  up_ = blocks("up", config_.blocks_up, c);
  const std::int64_t modulated =
      2 * (c * (config_.blocks_down + config_.blocks_up) + d * config_.blocks_deep);
  modulation_weight_ = zeros("modulation_weight", {modulated, e});
  modulation_bias_ = zeros("modulation_bias", {modulated});
  last_gain_ = ones("last_gain", c);
  last_offset_ = zeros("last_offset", {c});
  output_weight_ = zeros("output_weight", {4 * config_.outputs, c, 1, 1});
  output_bias_ = zeros("output_bias", {4 * config_.outputs});
}

UNet::Convolution UNet::make_convolution(const std::string& name,
                                         std::int64_t in,
                                         std::int64_t out,
                                         std::int64_t kernel) {
  return {register_parameter(name + "_weight", at::zeros({out, in, kernel, kernel}, device_)),
          register_parameter(name + "_bias", at::zeros({out}, device_))};
}

UNet::Block UNet::make_block(const std::string& name, std::int64_t channels) {
  return {register_parameter(name + "_gain", at::ones({channels}, device_)),
          register_parameter(name + "_offset", at::zeros({channels}, device_)),
          make_convolution(name + "_first", channels, channels, 3),
          make_convolution(name + "_second", channels, channels, 3)};
}

void UNet::initialise(std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const RandomStream stream(seed, Purpose::initial_weights);
  std::uint64_t index = 0;
  for (auto& item : named_parameters()) {
    const std::string& name = item.key();
    at::Tensor& p = item.value();
    const std::uint64_t which = index++;
    if (ends_with(name, "gain")) {
      p.fill_(1);
      continue;
    }
    // A block adds nothing at first, and noise levels are not told apart.
    const bool silent = !ends_with(name, "weight") || ends_with(name, "second_weight") ||
                        ends_with(name, "mix_weight") || name == "output_weight";
    if (silent) {
      p.zero_();
      continue;
    }
    std::vector<double> values(static_cast<std::size_t>(p.numel()));
    fill_normals<double>(stream, which, 0, values);
    const double fan_in = static_cast<double>(p.numel() / p.size(0));
    const double scale = (name == "modulation_weight" ? 0.3 : 1.0) / std::sqrt(fan_in);
    p.copy_(at::from_blob(values.data(), p.sizes(), at::kDouble) * scale);
  }
}

std::int64_t UNet::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& p : parameters()) count += p.numel();
  return count;
}

namespace {

// A convolution in the input's precision; padding keeps the size at stride 1.
at::Tensor convolve(const at::Tensor& x,
                    const at::Tensor& weight,
                    const at::Tensor& bias,
                    std::int64_t stride = 1) {
  const auto type = x.scalar_type();
  if (x.is_meta()) {  // LibTorch has no shape rule for convolutions there
    const auto half = [&](std::int64_t n) { return (n + stride - 1) / stride; };
    return at::empty({x.size(0), weight.size(0), half(x.size(2)), half(x.size(3))}, x.options());
  }
  return at::conv2d(x, weight.to(type), bias.to(type), stride, weight.size(2) / 2);
}

// [B, C, 2H, 2W] -> [B, 4C, H, W] and back, channels-last on the way in.
at::Tensor space_to_depth(const at::Tensor& x) {
  return at::pixel_unshuffle(x, 2).contiguous(at::MemoryFormat::ChannelsLast);
}
at::Tensor depth_to_space(const at::Tensor& x) { return at::pixel_shuffle(x.contiguous(), 2); }

at::Tensor per_sample(const at::Tensor& v, std::int64_t batch) {
  return v.unsqueeze(0).expand({batch, v.size(0)});
}

}  // namespace

at::Tensor UNet::embed(const at::Tensor& gamma) const {
  const double middle = 0.5 * (config_.gamma_max + config_.gamma_min);
  const double half = 0.5 * (config_.gamma_max - config_.gamma_min);
  const at::Tensor t =
      (gamma.clamp(config_.gamma_min, config_.gamma_max) - middle) * (M_PI / 2 / half);
  const at::Tensor frequency = at::arange(1, gamma_frequencies + 1, gamma.options());
  const at::Tensor angle = t.unsqueeze(1) * frequency.unsqueeze(0);
  const at::Tensor features = at::cat({at::sin(angle), at::cos(angle)}, 1);
  const at::Tensor h = at::silu(at::linear(features, embed1_weight_, embed1_bias_));
  return at::silu(at::linear(h, embed2_weight_, embed2_bias_));
}

at::Tensor UNet::run_block(const Block& block,
                           const at::Tensor& h,
                           const at::Tensor& gain,
                           const at::Tensor& offset,
                           at::ScalarType precision) const {
  const std::int64_t batch = h.size(0);
  const at::Tensor a = modulated_norm_silu(
      h, per_sample(block.gain, batch), per_sample(block.offset, batch), config_.groups, precision);
  const at::Tensor b = convolve(a, block.first.weight, block.first.bias);
  const at::Tensor c = modulated_norm_silu(b, gain, offset, config_.groups, precision);
  return h + convolve(c, block.second.weight, block.second.bias).to(h.scalar_type());
}

at::Tensor UNet::attend(const at::Tensor& h) const {
  const std::int64_t batch = h.size(0), d = h.size(1), tokens = h.size(2) * h.size(3);
  const std::int64_t heads = config_.heads, size = d / heads;
  const at::Tensor n = modulated_norm_silu(h,
                                           per_sample(attention_gain_, batch),
                                           per_sample(attention_offset_, batch),
                                           config_.groups,
                                           h.scalar_type());
  const at::Tensor qkv =
      at::matmul(n.permute({0, 2, 3, 1}).reshape({batch * tokens, d}), qkv_weight_.t())
          .reshape({batch, tokens, 3, heads, size})
          .permute({2, 0, 3, 1, 4});
  const at::Tensor weights =
      at::softmax(at::matmul(qkv[0], qkv[1].transpose(-1, -2)) / std::sqrt(double(size)), -1);
  const at::Tensor mixed = at::matmul(weights, qkv[2]).transpose(1, 2).reshape({batch * tokens, d});
  const at::Tensor out = at::linear(mixed, mix_weight_, mix_bias_);
  return h + out.reshape({batch, h.size(2), h.size(3), d}).permute({0, 3, 1, 2});
}

at::Tensor UNet::forward(const at::Tensor& z, const at::Tensor& gamma, bool mixed_precision) {
  if (z.dim() != 4 || z.size(1) != config_.image_channels || z.size(2) != config_.height ||
      z.size(3) != config_.width || gamma.dim() != 1 || gamma.size(0) != z.size(0)) {
    throw std::invalid_argument("U-Net: expected z [B, " + std::to_string(config_.image_channels) +
                                ", " + std::to_string(config_.height) + ", " +
                                std::to_string(config_.width) + "] and gamma [B]; z has " +
                                std::to_string(z.dim()) + " dimensions and " +
                                std::to_string(z.numel()) + " elements");
  }
  const at::ScalarType full = z.scalar_type(), fast = mixed_precision ? at::kBFloat16 : full;
  const at::Tensor modulation = at::linear(embed(gamma), modulation_weight_, modulation_bias_);
  std::int64_t used = 0;
  const auto run = [&](const std::vector<Block>& blocks, std::size_t i, const at::Tensor& h) {
    const std::int64_t c = h.size(1);
    const at::Tensor gain = modulation.narrow(1, used, c) + 1;
    const at::Tensor offset = modulation.narrow(1, used + c, c);
    used += 2 * c;
    return run_block(blocks[i], h, gain, offset, fast);
  };
  const auto in = [&](const at::Tensor& h) { return h.to(fast); };

  at::Tensor h = convolve(space_to_depth(z), stem_.weight, stem_.bias);
  for (std::size_t i = 0; i < down_.size(); ++i) h = run(down_, i, h);
  const at::Tensor skip = h;
  h = convolve(in(h), shrink_.weight, shrink_.bias, 2).to(full);
  for (std::size_t i = 0; i < deep_.size(); ++i) {
    h = run(deep_, i, h);
    if (config_.heads > 0 && static_cast<std::int64_t>(i) + 1 == attention_after_) h = attend(h);
  }
  h = depth_to_space(convolve(h, grow_.weight, grow_.bias));
  h = at::cat({h.contiguous(at::MemoryFormat::ChannelsLast), skip}, 1);
  h = convolve(in(h), merge_.weight, merge_.bias).to(full) + skip;
  for (std::size_t i = 0; i < up_.size(); ++i) h = run(up_, i, h);
  const std::int64_t batch = h.size(0);
  h = modulated_norm_silu(
      h, per_sample(last_gain_, batch), per_sample(last_offset_, batch), config_.groups, full);
  return depth_to_space(convolve(h, output_weight_, output_bias_));
}

}  // namespace stochflow::diffusion
