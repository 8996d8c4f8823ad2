#pragma once

// A small U-Net over images, conditioned on gamma = -log SNR. The 2x2 space-to-depth stem halves
// the resolution at once: most of the work happens at H/2 and H/4, where convolutions run at the
// hardware's limit. It returns raw numbers per pixel; what they mean is the head's business
// (mixture_head.hpp). Everything is kept channels-last.
//
// Precision: parameters, normalisation statistics, residual stream and last layer are float32 (or
// float64 after `to(kDouble)`). With `mixed_precision` the convolutions inside the blocks run on
// bfloat16 copies, about twice as fast on processors that have it: for training, not for adaptive
// solvers.

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "stochflow/diffusion/nets/layers.hpp"

namespace stochflow::diffusion {

struct UNetConfig {
  std::int64_t image_channels = 1;
  std::int64_t height = 28, width = 28;   // multiples of 4
  std::int64_t outputs = 1;               // numbers per pixel (all its channels together)
  std::int64_t channels = 64;             // at H/2
  std::int64_t deep_channels = 96;        // at H/4
  std::int64_t blocks_down = 3;           // at H/2, before and
  std::int64_t blocks_up = 3;             // after the deep part
  std::int64_t blocks_deep = 3;           // at H/4
  std::int64_t heads = 4;                 // of the self-attention at H/4; 0: none
  std::int64_t groups = 8;                // of the group normalisations
  std::int64_t embedding = 96;            // width of the noise-level embedding
  double gamma_min = -16, gamma_max = 5;  // noise levels outside are embedded as the nearest end
  std::int64_t classes = 0;               // labels it knows, embedded beside the noise level

  /// Throws std::invalid_argument naming the first setting that cannot work.
  void check() const;
};

class UNet : public torch::nn::Module {
 public:
  explicit UNet(const UNetConfig& config, at::Device device = at::kCPU);

  /// z [B, C, H, W], gamma [B], labels [B] int64 from 0 to `classes`, which is no label (undefined:
  /// none has one): returns [B, outputs, H, W], contiguous.
  at::Tensor forward(const at::Tensor& z,
                     const at::Tensor& gamma,
                     bool mixed_precision = false,
                     const at::Tensor& labels = {});

  /// Draws all parameters anew as a pure function of the seed. Blocks start as the identity and the
  /// output as zero; the caller sets the last layer's bias, which is then all the network says.
  void initialise(std::uint64_t seed);
  /// [outputs * 4]: output c of sub-pixel i is entry 4 c + i.
  at::Tensor& output_bias() { return output_bias_; }

  /// Whether the parameter of this name is a weight between hidden channels: not stem, last layer,
  /// what noise level and label do, or a bias.
  static bool between_hidden_channels(const std::string& name);

  const UNetConfig& config() const { return config_; }
  std::int64_t parameter_count() const;

 private:
  at::Tensor attend(const at::Tensor& h) const;
  at::Tensor embed(const at::Tensor& gamma, const at::Tensor& labels) const;

  UNetConfig config_;
  at::Device device_;  // where parameters are made
  layers::Convolution stem_, shrink_, grow_, merge_;
  std::vector<layers::Block> down_, deep_, up_;
  std::int64_t attention_after_ = 0;
  at::Tensor attention_gain_, attention_offset_, qkv_weight_, mix_weight_, mix_bias_;
  at::Tensor embed1_weight_, embed1_bias_, embed2_weight_, embed2_bias_, label_table_;
  at::Tensor modulation_weight_, modulation_bias_;
  at::Tensor last_gain_, last_offset_, output_weight_, output_bias_;
};

}  // namespace stochflow::diffusion
