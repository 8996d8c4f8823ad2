#include "stochflow/diffusion/nets/layers.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/nets/modulated_norm.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion::layers {

Convolution make_convolution(torch::nn::Module& module,
                             const std::string& name,
                             std::int64_t in,
                             std::int64_t out,
                             std::int64_t kernel,
                             at::Device device) {
  return {module.register_parameter(name + "_weight", at::zeros({out, in, kernel, kernel}, device)),
          module.register_parameter(name + "_bias", at::zeros({out}, device))};
}

Block make_block(torch::nn::Module& module,
                 const std::string& name,
                 std::int64_t channels,
                 at::Device device) {
  return {module.register_parameter(name + "_gain", at::ones({channels}, device)),
          module.register_parameter(name + "_offset", at::zeros({channels}, device)),
          make_convolution(module, name + "_first", channels, channels, 3, device),
          make_convolution(module, name + "_second", channels, channels, 3, device)};
}

at::Tensor convolve(const at::Tensor& x, const Convolution& convolution, std::int64_t stride) {
  const auto type = x.scalar_type();
  const at::Tensor& weight = convolution.weight;
  if (x.is_meta()) {  // LibTorch has no shape rule for convolutions there
    const auto half = [&](std::int64_t n) { return (n + stride - 1) / stride; };
    return at::empty({x.size(0), weight.size(0), half(x.size(2)), half(x.size(3))}, x.options());
  }
  // On one thread and batches below 16 LibTorch takes kernels of 1x1 by the BLAS, sample by sample,
  // unless they are dilated, which a single point cannot feel.
  const std::int64_t dilation = weight.size(2) == 1 ? 2 : 1;
  return at::conv2d(
      x, weight.to(type), convolution.bias.to(type), stride, weight.size(2) / 2, dilation);
}

at::Tensor run_block(const Block& block,
                     const at::Tensor& h,
                     const at::Tensor& gain,
                     const at::Tensor& offset,
                     std::int64_t groups,
                     at::ScalarType precision) {
  const std::int64_t batch = h.size(0);
  const at::Tensor a = modulated_norm_silu(
      h, per_sample(block.gain, batch), per_sample(block.offset, batch), groups, precision);
  const at::Tensor c =
      modulated_norm_silu(convolve(a, block.first), gain, offset, groups, precision);
  return h + convolve(c, block.second).to(h.scalar_type());
}

at::Tensor space_to_depth(const at::Tensor& x) {
  return at::pixel_unshuffle(x, 2).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor per_sample(const at::Tensor& v, std::int64_t batch) {
  return v.unsqueeze(0).expand({batch, v.size(0)});
}

at::Tensor features_of_gamma(const at::Tensor& gamma, double gamma_min, double gamma_max) {
  const double middle = 0.5 * (gamma_max + gamma_min), half = 0.5 * (gamma_max - gamma_min);
  const at::Tensor t = (gamma.clamp(gamma_min, gamma_max) - middle) * (M_PI / 2 / half);
  const at::Tensor frequency = at::arange(1, gamma_features / 2 + 1, gamma.options());
  const at::Tensor angle = t.unsqueeze(1) * frequency.unsqueeze(0);
  return at::cat({at::sin(angle), at::cos(angle)}, 1);
}

void require(const std::string& what, bool good, const std::string& sentence) {
  if (!good) throw std::invalid_argument(what + ": " + sentence);
}

void check_sizes(const std::string& what,
                 std::int64_t image_channels,
                 std::int64_t height,
                 std::int64_t width,
                 std::int64_t groups,
                 std::int64_t channels,
                 std::int64_t deep_channels) {
  require(what, image_channels >= 1, "needs at least one image channel");
  require(what,
          height >= 4 && width >= 4 && height % 4 == 0 && width % 4 == 0,
          "the image's height and width must be multiples of 4, found " + std::to_string(height) +
              " x " + std::to_string(width));
  require(what,
          groups >= 1 && channels >= 1 && deep_channels >= 1 && channels % groups == 0 &&
              deep_channels % groups == 0,
          "the number of groups must divide both channel counts");
}

void draw_parameters(torch::nn::Module& module,
                     std::uint64_t seed,
                     const std::function<double(const std::string& name)>& scale) {
  const c10::NoGradGuard no_grad;
  const RandomStream stream(seed, Purpose::initial_weights);
  std::uint64_t index = 0;
  for (auto& item : module.named_parameters()) {
    const std::string& name = item.key();
    at::Tensor& p = item.value();
    const std::uint64_t which = index++;
    const double own = name.ends_with("weight") ? scale(name) : 0;
    if (own == 0 || p.numel() == 0) {
      p.fill_(name.ends_with("gain") ? 1 : 0);
      continue;
    }
    std::vector<double> values(static_cast<std::size_t>(p.numel()));
    fill_normals<double>(stream, which, 0, values);
    const double fan_in = static_cast<double>(p.numel() / p.size(0));
    p.copy_(at::from_blob(values.data(), p.sizes(), at::kDouble) * (own / std::sqrt(fan_in)));
  }
}

}  // namespace stochflow::diffusion::layers
