#pragma once

// What a classifier says of images given as grey levels: features for metrics/feature_sets.hpp, and
// the share of them that are of the class they should be.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "stochflow/diffusion/nets/classifier.hpp"

namespace stochflow::diffusion {

/// levels [N, C, H, W] uint8, dequantised and noised to level gamma, both drawn from the seed:
/// logits [N, classes] and features [N, F].
Classifier::Output classify(const Classifier& classifier,
                            const at::Tensor& levels,
                            double gamma,
                            std::uint64_t seed);

/// Share of the logits that are largest at their label; labels [N] of any integer type.
double accuracy(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace stochflow::diffusion
