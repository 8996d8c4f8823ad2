#pragma once

// A model asked in batches of one fixed size. Convolutions and matrix products round differently
// at different batch sizes, so a network's answer for an image moves in the last digits with the
// number of its neighbours, and an adaptive solver amplifies that. Behind this wrapper every call
// has `rows` rows (the tail is filled up with copies), and results are the same to the last bit for
// any batch size and order on one machine.

#include <ATen/ATen.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

class MicroBatches final : public NoisePredictor {
 public:
  /// Refers to `model`, which must outlive it.
  MicroBatches(const NoisePredictor& model, std::int64_t rows) : model_(model), rows_(rows) {
    if (rows < 1) {
      throw std::invalid_argument("MicroBatches: expected at least 1 row, found " +
                                  std::to_string(rows));
    }
  }

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    const std::int64_t B = z.size(0);
    if (B == rows_) return model_.eps(z, gamma);
    std::vector<at::Tensor> parts;
    for (std::int64_t first = 0; first < B; first += rows_) {
      const std::int64_t count = std::min(rows_, B - first);
      parts.push_back(
          model_.eps(filled(z, first, count), filled(gamma, first, count)).slice(0, 0, count));
    }
    return at::cat(parts);
  }

 private:
  /// `count` rows from `first` on, then copies of the last up to rows_.
  at::Tensor filled(const at::Tensor& x, std::int64_t first, std::int64_t count) const {
    const at::Tensor part = x.slice(0, first, first + count);
    if (count == rows_) return part;
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape[0] = rows_ - count;
    return at::cat({part, x.slice(0, first + count - 1, first + count).detach().expand(shape)});
  }

  const NoisePredictor& model_;
  std::int64_t rows_;
};

}  // namespace stochflow::diffusion
