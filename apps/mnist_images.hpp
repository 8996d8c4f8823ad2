#pragma once

// MNIST images by their numbers, for the subcommands that take --images.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/image.hpp"
#include "support/npy.hpp"
#include "support/range.hpp"

namespace stochflow::apps {

/// Images of `part` ("test" or "train") as levels [N, 1, 28, 28], uint8. They come from `data`, the
/// folder of the IDX files; if empty, from the test images that come with the program where these
/// are enough, or from where `stochflow data mnist` puts them. Throws UsageError when there are not
/// so many, std::runtime_error when files are missing.
at::Tensor mnist_images(const std::string& part,
                        const Range& range,
                        const std::filesystem::path& data = {});

/// x [N, 1, H, W] or [N, 3, H, W] in data units: the levels in whose intervals the values lie.
std::vector<Image> to_images(const at::Tensor& x);

/// The numbers themselves, in single precision.
Numbers to_numbers(const at::Tensor& x);

/// Grey images of one size as levels [N, 1, H, W], uint8.
at::Tensor to_levels(const std::vector<Image>& images);

}  // namespace stochflow::apps
