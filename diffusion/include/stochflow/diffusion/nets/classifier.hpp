#pragma once

// Which class a noisy image belongs to, log p(y|z), at every noise level: what guidance towards a
// class differentiates (guidance/guided.hpp), and, trained on clean images, the judge of samples
// and the source of features for distances between sets of images (metrics/feature_sets.hpp). A
// small residual network in the variance-preserving frame of noise_predictor.hpp, told the noise
// level.

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/nets/layers.hpp"

namespace stochflow::diffusion {

struct ClassifierConfig {
  std::int64_t classes = 10;
  std::int64_t image_channels = 1;
  std::int64_t height = 28, width = 28;  // multiples of 4
  std::int64_t channels = 32;            // at H/2
  std::int64_t deep_channels = 64;       // at H/4; as many features
  std::int64_t blocks = 2;               // at each of the two
  std::int64_t groups = 8;               // of the group normalisations
  std::int64_t embedding = 32;           // width of the noise-level embedding
  /// Noise levels it was trained for; others count as the nearest end. Equal ends: images without
  /// noise to speak of.
  double gamma_min = -16, gamma_max = 5;

  /// Throws std::invalid_argument naming the first setting that cannot work.
  void check() const;
};

class Classifier final : public torch::nn::Module {
 public:
  /// Parameters start as zeros; `initialise` draws them, a checkpoint replaces them.
  explicit Classifier(const ClassifierConfig& config, at::Device device = at::kCPU);

  struct Output {
    at::Tensor logits;    // [B, classes]
    at::Tensor features;  // [B, deep_channels], what the last layer sees
  };
  /// z [B, ...] with as many elements as an image, gamma [B]; row i depends on z[i] and gamma[i]
  /// only. Throws std::invalid_argument for other shapes.
  Output evaluate(const at::Tensor& z, const at::Tensor& gamma) const;

  /// log p(label | z) [B], differentiable in z: for `Guided`.
  at::Tensor log_probability(const at::Tensor& z,
                             const at::Tensor& gamma,
                             std::int64_t label) const;

  /// Draws all parameters as a pure function of the seed; every class is then equally likely.
  void initialise(std::uint64_t seed);
  const ClassifierConfig& config() const { return config_; }

 private:
  ClassifierConfig config_;
  layers::Convolution stem_, shrink_;
  std::vector<layers::Block> blocks_, deep_;
  at::Tensor embed_weight_, embed_bias_, modulation_weight_, modulation_bias_;
  at::Tensor last_gain_, last_offset_, output_weight_, output_bias_;
};

}  // namespace stochflow::diffusion
