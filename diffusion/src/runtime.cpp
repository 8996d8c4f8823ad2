#include "stochflow/diffusion/runtime.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
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

// AMX does, and AVX-512's own products do on AMD's processors (Zen 4: twice as fast); with Intel's
// a step of training takes 1.4 times as long (Emerald Rapids with AMX withheld).
bool bfloat16_pays() {
#if defined(__x86_64__)
  constexpr unsigned amx_bfloat16 = 1u << 22;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & amx_bfloat16)) return true;
  return __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace stochflow::diffusion
