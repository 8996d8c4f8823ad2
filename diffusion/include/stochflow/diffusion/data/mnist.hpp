#pragma once

// MNIST as tensors of grey levels (likelihood/dequantise.hpp makes continuous data of them). The
// four IDX files are looked for in one folder, plain or with .gz; `stochflow data mnist` puts them
// there. The repository's own folder apps/data holds the first 1,000 test images in the same form.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace stochflow::diffusion {

struct LabelledImages {
  at::Tensor images;  // [N, 1, H, W] uint8, grey levels
  at::Tensor labels;  // [N] uint8
  std::int64_t size() const { return images.size(0); }
};

enum class MnistPart { train, test };

/// Reads <prefix>-images-idx3-ubyte[.gz] and <prefix>-labels-idx1-ubyte[.gz], prefix `train` or
/// `t10k`. Throws std::runtime_error when a file is missing or damaged, images are not 28x28, the
/// numbers of images and labels differ, or a label is above 9.
LabelledImages read_mnist(const std::filesystem::path& folder, MnistPart part);

}  // namespace stochflow::diffusion
