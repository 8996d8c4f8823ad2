#pragma once

// How a process that runs networks on a CPU should be set up. LibTorch's defaults suit one large
// job on an idle machine; this suits throughput, and stays fast when other programs want the cores.

#include <cstdint>

namespace stochflow::diffusion {

/// Call once, first thing in `main`, before any tensor operation:
/// - LibTorch's element-wise kernels use AVX-512 where the processor has it (the environment
///   variable ATEN_CPU_CAPABILITY, if set, wins; it is read once, at the first operation);
/// - freed memory stays with the process: otherwise every large temporary is mapped and faulted in
///   anew;
/// - LibTorch's loops, oneDNN and OpenBLAS use `threads` threads. With 1, run batches side by side
///   on threads of your own: fork-join loops lose most of their speed as soon as one of their
///   threads has to wait for a core, because the others spin.
/// Throws std::invalid_argument when threads < 1.
void tune_process(int threads = 1);

/// Whether this processor multiplies matrices in bfloat16 faster than in float32.
bool bfloat16_pays();

}  // namespace stochflow::diffusion
