#include "mnist_images.hpp"

#include <ATen/ATen.h>

#include "data.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {

at::Tensor mnist_images(const std::string& part,
                        const Range& range,
                        const std::filesystem::path& data) {
  constexpr std::int64_t embedded_images = 1000;
  std::filesystem::path folder = data;
  if (folder.empty()) {
    folder = part == "test" && range.last <= embedded_images
                 ? resource("data/t10k-images-idx3-ubyte.gz").parent_path()
                 : data_folder();
  }
  const auto which = part == "test" ? diffusion::MnistPart::test : diffusion::MnistPart::train;
  const diffusion::LabelledImages all = diffusion::read_mnist(folder, which);
  if (range.last > all.size()) {
    throw UsageError("--images " + std::to_string(range.first) + ":" + std::to_string(range.last) +
                     " asks for more than the " + std::to_string(all.size()) + " images there are");
  }
  return all.images.slice(0, range.first, range.last);
}

std::vector<Image> to_images(const at::Tensor& x) {
  const at::Tensor levels =
      diffusion::grey_levels(x.to(at::kCPU)).permute({0, 2, 3, 1}).contiguous();
  std::vector<Image> images;
  for (std::int64_t i = 0; i < levels.size(0); ++i) {
    const auto* pixels = levels[i].data_ptr<std::uint8_t>();
    images.emplace_back(static_cast<int>(levels.size(2)),
                        static_cast<int>(levels.size(1)),
                        std::vector<std::uint8_t>(pixels, pixels + levels[i].numel()),
                        static_cast<int>(levels.size(3)));
  }
  return images;
}

Numbers to_numbers(const at::Tensor& x) {
  const at::Tensor single = x.to(at::kCPU, at::kFloat).contiguous();
  const auto* first = single.data_ptr<float>();
  Numbers numbers;
  for (const std::int64_t extent : x.sizes()) {
    numbers.shape.push_back(static_cast<std::size_t>(extent));
  }
  numbers.values.assign(first, first + single.numel());
  return numbers;
}

at::Tensor to_levels(const std::vector<Image>& images) {
  std::vector<at::Tensor> planes;
  for (const Image& image : images) {
    planes.push_back(at::tensor(image.pixels, at::kByte).view({1, image.height, image.width}));
  }
  return at::stack(planes);
}

}  // namespace stochflow::apps
