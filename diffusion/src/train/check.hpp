#pragma once

// What a training run cannot do without, checked alike for every kind of network.

#include <ATen/ATen.h>

#include <stdexcept>
#include <string>

#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::diffusion::detail {

/// Throws std::invalid_argument unless images [N, C, H, W] uint8 are of this shape, with a batch no
/// larger than N and at least one step.
inline void check_images(const at::Tensor& images,
                         at::IntArrayRef shape,
                         const TrainSettings& settings) {
  if (images.scalar_type() != at::kByte || images.dim() != 4 || images.sizes().slice(1) != shape) {
    throw std::invalid_argument("training needs images [N, C, H, W] uint8 of the network's size");
  }
  if (settings.batch < 1 || settings.batch > images.size(0) || settings.steps < 1) {
    throw std::invalid_argument(
        "training needs at least one step and a batch no larger than the data set");
  }
}

/// Throws std::invalid_argument unless there is a label [N] uint8 below `classes` for each image.
inline void check_labels(const at::Tensor& labels, const at::Tensor& images, std::int64_t classes) {
  if (!labels.defined() || labels.scalar_type() != at::kByte || labels.dim() != 1 ||
      labels.size(0) != images.size(0) || labels.max().item<int>() >= classes) {
    throw std::invalid_argument("training a network of " + std::to_string(classes) +
                                " classes needs a label [N] uint8 below that for each image");
  }
}

}  // namespace stochflow::diffusion::detail
