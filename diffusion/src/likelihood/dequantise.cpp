#include "stochflow/diffusion/likelihood/dequantise.hpp"

#include <ATen/ATen.h>

#include <numbers>
#include <sstream>
#include <stdexcept>

namespace stochflow::diffusion {

at::Tensor dequantised(const at::Tensor& levels, std::uint64_t seed, const SampleIds& ids) {
  const at::Tensor k = levels.to(at::kDouble);
  if (levels.numel() > 0) {
    const double least = k.min().item<double>(), most = k.max().item<double>();
    if (!(least >= 0 && most <= 255) || !k.equal(k.floor())) {
      std::ostringstream text;
      text << "dequantised: expected whole grey levels from 0 to 255, found values from " << least
           << " to " << most << ": pass the raw 8-bit images";
      throw std::invalid_argument(text.str());
    }
  }
  return (k + uniforms(RandomStream(seed, Purpose::dequantisation), ids, 0, k)) / 128 - 1;
}

double bits_per_dim(double log_density, std::int64_t dimensions) {
  return -log_density / (static_cast<double>(dimensions) * std::numbers::ln2) + 7;
}

}  // namespace stochflow::diffusion
