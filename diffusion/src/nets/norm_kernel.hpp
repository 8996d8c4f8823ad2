#pragma once

// Group normalisation, gain and offset, and SiLU in one pass over a channels-last image, on plain
// arrays: see stochflow/diffusion/nets/modulated_norm.hpp. bfloat16 values travel as their bits.

#include <cstdint>

namespace stochflow::diffusion::detail {

/// The upper half of a float, rounded to nearest even. NaN stays NaN.
struct BrainFloat {
  std::uint16_t bits;
};

struct NormShape {
  std::int64_t pixels;
  std::int64_t channels;
  std::int64_t groups;
  double epsilon;
};

/// y = silu((x - mean_g) * rstd_g * gain + offset) for one sample; x, y: [pixels, channels],
/// gain, offset: [channels]. Leaves mean and rstd, each [groups], for the backward pass.
template <class In, class Out>
void norm_forward(const NormShape& shape,
                  const In* x,
                  const float* gain,
                  const float* offset,
                  Out* y,
                  float* mean,
                  float* rstd);

/// Given the derivative by y, the derivatives by x, gain and offset.
template <class In, class Out>
void norm_backward(const NormShape& shape,
                   const In* x,
                   const float* gain,
                   const float* offset,
                   const float* mean,
                   const float* rstd,
                   const Out* by_y,
                   In* by_x,
                   float* by_gain,
                   float* by_offset);

}  // namespace stochflow::diffusion::detail
