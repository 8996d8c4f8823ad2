#include "stochflow/diffusion/data/mnist.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>

#include "stochflow/diffusion/data/idx.hpp"

namespace stochflow::diffusion {
namespace {

std::filesystem::path plain_or_gzip(const std::filesystem::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"}) {
    const std::filesystem::path file = folder / (name + ending);
    if (std::filesystem::exists(file)) return file;
  }
  throw std::runtime_error("no " + name + " (or .gz) in " + folder.string() +
                           "; `stochflow data mnist` fetches it");
}

at::Tensor to_tensor(const IdxArray& array, const std::vector<std::int64_t>& shape) {
  at::Tensor t = at::empty(shape, at::kByte);
  std::copy(array.values.begin(), array.values.end(), t.data_ptr<std::uint8_t>());
  return t;
}

}  // namespace

LabelledImages read_mnist(const std::filesystem::path& folder, MnistPart part) {
  const std::string prefix = part == MnistPart::train ? "train" : "t10k";
  const auto image_file = plain_or_gzip(folder, prefix + "-images-idx3-ubyte");
  const auto label_file = plain_or_gzip(folder, prefix + "-labels-idx1-ubyte");
  const IdxArray images = read_idx(image_file, 3), labels = read_idx(label_file, 1);
  if (images.shape[1] != 28 || images.shape[2] != 28) {
    throw std::runtime_error(image_file.string() + ": images of " +
                             std::to_string(images.shape[1]) + " x " +
                             std::to_string(images.shape[2]) + " pixels, MNIST has 28 x 28");
  }
  if (images.shape[0] != labels.shape[0]) {
    throw std::runtime_error(image_file.string() + " has " + std::to_string(images.shape[0]) +
                             " images, " + label_file.string() + " has " +
                             std::to_string(labels.shape[0]) + " labels");
  }
  for (const std::uint8_t label : labels.values) {
    if (label > 9) {
      throw std::runtime_error(label_file.string() + ": label " + std::to_string(label) +
                               " is not a digit");
    }
  }
  return {to_tensor(images, {images.shape[0], 1, 28, 28}), to_tensor(labels, labels.shape)};
}

}  // namespace stochflow::diffusion
