#pragma once

// A batch cut into pieces of one fixed number of rows, worked on side by side. Convolutions and
// matrix products round differently at different batch sizes, so a network's answer for an image
// moves in the last digits with the number of its neighbours, and an adaptive solver amplifies
// that. In pieces of one size results are the same to the last bit for any batch size and order;
// and pieces side by side, one thread each, use processors better than one large batch whose inner
// loops are split.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace stochflow::diffusion {

struct MicroBatch {
  std::int64_t rows = 8;  // of a piece
  int threads = 1;        // pieces at a time; LibTorch's own loops should then have one thread
};

/// Calls work(piece, first, count) for pieces 0, 1, ... of a batch of B rows: rows [first, first +
/// count), where count is micro.rows but for the last. Several at a time; gradient mode is the
/// caller's. The first exception is passed on when all have ended. Throws std::invalid_argument
/// unless rows and threads are at least 1.
void for_each_piece(
    std::int64_t B,
    const MicroBatch& micro,
    const std::function<void(std::size_t piece, std::int64_t first, std::int64_t count)>& work);

/// Rows [first, first + count) of x, filled up to `rows` with copies of the last.
at::Tensor filled_up(const at::Tensor& x,
                     std::int64_t first,
                     std::int64_t count,
                     std::int64_t rows);

}  // namespace stochflow::diffusion
