#pragma once

// The arithmetic of the mixture-posterior head where an image has a palette
// (stochflow/diffusion/nets/palettes.hpp), on plain arrays, one sample at a time.
//
// The prior of a pixel is here one of 256 levels (level_prior.hpp). In units where y = x + s noise,
// with posterior weights r_v (without palettes) of the levels and e_v = (y - E[x | level v, y])/s
// of a pixel, palette c explains it by D_c = sum_v r_v ratio_c(v), and
//   eps = sum_c q_c sum_v r_v ratio_c(v) e_v / D_c,   q_c = softmax(log_weight_c + sum log D_c).

#include <cstdint>

#include "mixture_kernel.hpp"

namespace stochflow::diffusion::detail {

/// in_middle: x is the middle of its level (InLevel).
struct PaletteTables {
  std::int64_t count = 0;
  const double* log_weights = nullptr;  // [count]
  const double* log_ratios = nullptr;   // [256, count]
  const double* ratios = nullptr;       // [256, count]
  bool in_middle = false;
};

/// As mixture_forward and mixture_backward. Boxes must be grey levels. For noise up to 5 levels
/// wide: a pixel has room for 63 of them.
template <class T>
void palette_forward(const MixtureInput<T>& in,
                     const PaletteTables& palettes,
                     MixtureResult<T>& out);

template <class T>
void palette_backward(const MixtureInput<T>& in,
                      const PaletteTables& palettes,
                      const MixtureGradient<T>& gradient);

}  // namespace stochflow::diffusion::detail
