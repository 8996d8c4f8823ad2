#include "stochflow/diffusion/guidance/decoupled_channels.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace stochflow::diffusion {
namespace {

/// Helmert's matrix: the mean, then each channel against those before it.
at::Tensor helmert(std::int64_t channels) {
  at::Tensor Q = at::zeros({channels, channels}, at::kDouble);
  Q[0].fill_(1 / std::sqrt(static_cast<double>(channels)));
  for (std::int64_t k = 1; k < channels; ++k) {
    const auto before = static_cast<double>(k);
    const double length = std::sqrt(before * (before + 1));
    Q[k].slice(0, 0, k).fill_(1 / length);
    Q[k][k].fill_(-before / length);
  }
  return Q;
}

at::Tensor along_channels(const at::Tensor& matrix, const at::Tensor& x) {
  return at::tensordot(x, matrix.to(x.options()), {1}, {1}).movedim(-1, 1);
}

}  // namespace

DecoupledChannels::DecoupledChannels(const NoisePredictor& model,
                                     std::int64_t channels,
                                     at::Device device)
    : model_(model) {
  if (channels < 1) {
    throw std::invalid_argument("DecoupledChannels: expected at least 1 channel, found " +
                                std::to_string(channels));
  }
  Q_ = helmert(channels).to(device);
}

at::Tensor DecoupledChannels::eps(const at::Tensor& w, const at::Tensor& gamma) const {
  return decoupled(model_.eps(coupled(w), gamma));
}

at::Tensor DecoupledChannels::decoupled(const at::Tensor& x) const { return along_channels(Q_, x); }

at::Tensor DecoupledChannels::coupled(const at::Tensor& w) const {
  return along_channels(Q_.t(), w);
}

}  // namespace stochflow::diffusion
