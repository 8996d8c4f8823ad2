#include "stochflow/diffusion/runtime.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace stochflow::diffusion {

void tune_process(int threads) {
  if (threads < 1) {
    throw std::invalid_argument("tune_process: at least one thread, found " +
                                std::to_string(threads));
  }
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
  }
#endif
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 256 << 20);
#endif
  at::set_num_threads(threads);
  // LibTorch does not pass the number on to OpenBLAS; absent under another BLAS.
  using SetThreads = void (*)(int);
  if (auto* const set =
          reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set(threads);
  }
}

}  // namespace stochflow::diffusion
