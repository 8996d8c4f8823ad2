#include "stochflow/diffusion/tensor/micro_batch.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace stochflow::diffusion {

void for_each_piece(
    std::int64_t B,
    const MicroBatch& micro,
    const std::function<void(std::size_t piece, std::int64_t first, std::int64_t count)>& work) {
  if (micro.rows < 1 || micro.threads < 1) {
    throw std::invalid_argument("MicroBatch: expected at least 1 row and 1 thread, found " +
                                std::to_string(micro.rows) + " and " +
                                std::to_string(micro.threads));
  }
  const std::int64_t pieces = (B + micro.rows - 1) / micro.rows;
  std::atomic<std::int64_t> next{0};
  const auto some = [&] {
    for (std::int64_t k = next++; k < pieces; k = next++) {
      const std::int64_t first = k * micro.rows;
      work(static_cast<std::size_t>(k), first, std::min(micro.rows, B - first));
    }
  };
  const bool gradients = c10::GradMode::is_enabled();
  std::vector<std::future<void>> others;
  for (std::int64_t j = 1; j < std::min<std::int64_t>(micro.threads, pieces); ++j) {
    others.push_back(std::async(std::launch::async, [&] {
      at::init_num_threads();
      const c10::AutoGradMode mode(gradients);
      some();
    }));
  }
  std::exception_ptr failure;
  const auto guarded = [&](const auto& action) {
    try {
      action();
    } catch (...) {
      next = pieces;
      if (!failure) failure = std::current_exception();
    }
  };
  guarded(some);
  for (auto& other : others) guarded([&] { other.get(); });
  if (failure) std::rethrow_exception(failure);
}

at::Tensor filled_up(const at::Tensor& x,
                     std::int64_t first,
                     std::int64_t count,
                     std::int64_t rows) {
  const at::Tensor part = x.slice(0, first, first + count);
  if (count == rows) return part;
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape[0] = rows - count;
  return at::cat({part, x.slice(0, first + count - 1, first + count).detach().expand(shape)});
}

}  // namespace stochflow::diffusion
