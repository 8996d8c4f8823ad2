#pragma once

// A model asked in pieces of one fixed size (tensor/micro_batch.hpp says why): wrap a network in it
// before sampling, and a sample does not depend on its batch to the last bit.

#include <ATen/ATen.h>

#include <vector>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/tensor/micro_batch.hpp"

namespace stochflow::diffusion {

class MicroBatches final : public NoisePredictor {
 public:
  /// Refers to `model`, which must outlive it and, with several threads, bear to be asked by all of
  /// them at a time.
  MicroBatches(const NoisePredictor& model, const MicroBatch& micro)
      : model_(model), micro_(micro) {}

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    std::vector<at::Tensor> parts(static_cast<std::size_t>((z.size(0) + micro_.rows - 1) /
                                                           std::max<std::int64_t>(micro_.rows, 1)));
    for_each_piece(
        z.size(0), micro_, [&](std::size_t piece, std::int64_t first, std::int64_t count) {
          parts[piece] = model_
                             .eps(filled_up(z, first, count, micro_.rows),
                                  filled_up(gamma, first, count, micro_.rows))
                             .slice(0, 0, count);
        });
    return at::cat(parts);
  }

 private:
  const NoisePredictor& model_;
  MicroBatch micro_;
};

}  // namespace stochflow::diffusion
