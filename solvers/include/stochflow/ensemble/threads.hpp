#pragma once

// Blocks of work shared out among threads.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace stochflow::detail {

/// The threads to use for `blocks` blocks; `wanted` 0 means one for each processor.
inline int thread_count(int wanted, std::int64_t blocks) {
  const auto available = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const std::int64_t n = wanted > 0 ? wanted : available;
  return static_cast<int>(std::max<std::int64_t>(1, std::min(n, blocks)));
}

/// Runs body(block) for block = 0 ... blocks-1 on several threads; the first exception is rethrown.
template <class Body>
void for_each_block(std::int64_t blocks, int threads, const Body& body) {
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto worker = [&] {
    for (std::int64_t block = next++; block < blocks; block = next++) {
      try {
        body(block);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = blocks;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int k = 1; k < threads; ++k) pool.emplace_back(worker);
    worker();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace stochflow::detail
