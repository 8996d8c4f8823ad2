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

std::vector<GreyImage> to_images(const at::Tensor& x) {
  const at::Tensor levels = diffusion::grey_levels(x.to(at::kCPU)).contiguous();
  std::vector<GreyImage> images;
  for (std::int64_t i = 0; i < levels.size(0); ++i) {
    const at::Tensor plane = levels[i][0].contiguous();
    const auto* pixels = plane.data_ptr<std::uint8_t>();
    images.push_back({static_cast<int>(plane.size(1)),
                      static_cast<int>(plane.size(0)),
                      std::vector<std::uint8_t>(pixels, pixels + plane.numel())});
  }
  return images;
}

at::Tensor to_levels(const std::vector<GreyImage>& images) {
  std::vector<at::Tensor> planes;
  for (const GreyImage& image : images) {
    planes.push_back(at::tensor(image.pixels, at::kByte).view({1, image.height, image.width}));
  }
  return at::stack(planes);
}

}  // namespace stochflow::apps
