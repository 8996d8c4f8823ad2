#include "stochflow/diffusion/data/coloured.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace stochflow::diffusion {
namespace {

/// Where red, green and blue stand on the circle of hues: [3, 1, 1].
at::Tensor primaries(const at::TensorOptions& options) {
  return (at::arange(3, options) * (2 * std::numbers::pi / 3)).view({3, 1, 1});
}

}  // namespace

at::Tensor hues(std::int64_t first, std::int64_t count) {
  const at::Tensor number = at::arange(first, first + count, at::kDouble);
  return 2 * std::numbers::pi * (number / std::numbers::phi).frac();
}

at::Tensor coloured(const at::Tensor& levels, std::int64_t first) {
  if (levels.dim() != 4 || levels.size(1) != 1 || levels.scalar_type() != at::kByte) {
    throw std::invalid_argument("coloured: expected grey levels [N, 1, H, W], uint8");
  }
  const at::Tensor hue = hues(first, levels.size(0)).view({-1, 1, 1, 1});
  const at::Tensor share = (1 + (hue - primaries(at::kDouble)).cos()) / 2;
  return (levels.to(at::kCPU) * share.to(at::kFloat)).round().to(at::kByte);
}

HuesFound hues_of(const at::Tensor& x) {
  if (x.dim() != 4 || x.size(1) != 3) {
    throw std::invalid_argument("hues_of: expected images [N, 3, H, W]");
  }
  const at::Tensor wide = x.to(at::kDouble), angles = primaries(wide.options());
  const at::Tensor east = ((wide + 1) / 2 * angles.cos()).sum(1).flatten(1);
  const at::Tensor north = ((wide + 1) / 2 * angles.sin()).sum(1).flatten(1);
  const at::Tensor lengths = (east.square() + north.square()).sqrt().sum(1);
  const at::Tensor all_east = east.sum(1), all_north = north.sum(1);
  return {at::atan2(all_north, all_east),
          (all_east.square() + all_north.square()).sqrt() / lengths.clamp_min(1e-6)};
}

}  // namespace stochflow::diffusion
