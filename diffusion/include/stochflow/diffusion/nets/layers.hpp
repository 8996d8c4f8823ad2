#pragma once

// What the networks here are made of: convolutions, residual blocks with group normalisation whose
// second gain and offset are told by the noise level, and the features of the noise level itself.
// The U-Net (unet.hpp) and the classifier (classifier.hpp) arrange them.

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <string>

namespace stochflow::diffusion::layers {

struct Convolution {
  at::Tensor weight, bias;
};

struct Block {
  at::Tensor gain, offset;  // of the first normalisation; the second is modulated
  Convolution first, second;
};

/// Register their parameters with `module` as name_weight, name_bias, ... and return them; zeros
/// (gains ones) on `device`.
Convolution make_convolution(torch::nn::Module& module,
                             const std::string& name,
                             std::int64_t in,
                             std::int64_t out,
                             std::int64_t kernel,
                             at::Device device);
Block make_block(torch::nn::Module& module,
                 const std::string& name,
                 std::int64_t channels,
                 at::Device device);

/// x [B, C, H, W] in the input's precision; padding keeps the size at stride 1.
at::Tensor convolve(const at::Tensor& x, const Convolution& convolution, std::int64_t stride = 1);

/// h [B, C, H, W] -> the same shape: h + conv(norm(conv(norm(h)))), the second normalisation with
/// gain and offset [B, C]. Convolutions run in `precision`, the sum in h's.
at::Tensor run_block(const Block& block,
                     const at::Tensor& h,
                     const at::Tensor& gain,
                     const at::Tensor& offset,
                     std::int64_t groups,
                     at::ScalarType precision);

/// [B, C, 2H, 2W] -> [B, 4C, H, W], channels-last.
at::Tensor space_to_depth(const at::Tensor& x);

/// v [C] for a batch: [B, C].
at::Tensor per_sample(const at::Tensor& v, std::int64_t batch);

/// gamma [B] -> sines and cosines [B, gamma_features] of its place between the ends; levels outside
/// count as the nearest end.
inline constexpr std::int64_t gamma_features = 32;
at::Tensor features_of_gamma(const at::Tensor& gamma, double gamma_min, double gamma_max);

/// Throws std::invalid_argument, "WHAT: ..." unless images of this size can be halved twice, both
/// channel counts be divided into the groups, and there are image channels.
void check_sizes(const std::string& what,
                 std::int64_t image_channels,
                 std::int64_t height,
                 std::int64_t width,
                 std::int64_t groups,
                 std::int64_t channels,
                 std::int64_t deep_channels);
/// Throws std::invalid_argument, "WHAT: SENTENCE", unless it is good.
void require(const std::string& what, bool good, const std::string& sentence);

/// Draws the parameters named ..._weight as a pure function of the seed, normal with variance
/// scale(name)^2 / fan-in; scale 0 and whatever has another name: zeros, but gains ones.
void draw_parameters(torch::nn::Module& module,
                     std::uint64_t seed,
                     const std::function<double(const std::string& name)>& scale);

}  // namespace stochflow::diffusion::layers
