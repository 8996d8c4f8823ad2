#pragma once

// Digits in colours: images with three channels, of which a grey measurement leaves the hue open.
// All pixels of an image have one hue, and it cannot be told from the digit, so it is known what a
// model of these images must say when it is asked to colour a grey one: any hue, the same
// everywhere.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace stochflow::diffusion {

/// Grey levels [N, 1, H, W] uint8 in one hue each, [N, 3, H, W] uint8 (red, green, blue): channel k
/// is level (1 + cos(hue - 2 pi k/3))/2, so that the mean over channels is half the level (to
/// rounding) whatever the hue. The first image has number `first`, and image i has the hue 2 pi
/// frac(i/golden ratio): as evenly spread as can be over any run of images.
at::Tensor coloured(const at::Tensor& levels, std::int64_t first = 0);

/// The hues that `coloured` gives to images first, ..., first + count - 1: [count] float64, radians
/// from 0 to 2 pi.
at::Tensor hues(std::int64_t first, std::int64_t count);

/// What hues an image has: each pixel's departure from grey is a vector in the plane of hues,
/// c = sum_k x_k exp(2 pi i k/3) for x from 0 (black) to 1.
struct HuesFound {
  at::Tensor hue;        // [N] radians, from -pi to pi: that of the sum of all vectors
  at::Tensor agreement;  // [N]: length of their sum over the sum of their lengths; 1 for one hue,
                         // 0 for grey
};
/// Images [N, 3, H, W] in data units, -1 black to 1. Throws std::invalid_argument on other shapes.
HuesFound hues_of(const at::Tensor& x);

}  // namespace stochflow::diffusion
