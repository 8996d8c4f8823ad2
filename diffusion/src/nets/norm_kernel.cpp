#include "norm_kernel.hpp"

#include <bit>
#include <cmath>
#include <vector>

namespace stochflow::diffusion::detail {
namespace {

inline float to_float(float v) { return v; }
inline float to_float(BrainFloat v) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(v.bits) << 16);
}
inline void store(float v, float& to) { to = v; }
inline void store(float v, BrainFloat& to) {
  const auto bits = std::bit_cast<std::uint32_t>(v);
  const std::uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  to.bits = static_cast<std::uint16_t>(v == v ? rounded : 0x7FC0);
}

// 1/(1 + e^-u), relative error about 1e-6: enough for a neural network, and a plain loop over it
// runs in vector registers. Cut off far from where e^-u underflows: compilers turn the cut into a
// product of every u with the value beyond it, and a product that is no normal number costs Intel's
// processors a hundred cycles.
inline float logistic(float u) {
  constexpr float furthest = 60;
  float x = -u;
  x = x < -furthest ? -furthest : x;
  x = x > furthest ? furthest : x;
  const float shifted = x * 1.44269504f + 0x1.8p23f;
  const float n = shifted - 0x1.8p23f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const float scale = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + 127) << 23);
  return 1.0f / (1.0f + p * scale);
}

// Per-channel work space; the sums run over pixels inside channels, so that each channel's sum has
// one fixed order and the loop still vectorises.
struct Columns {
  explicit Columns(std::int64_t channels) : values(static_cast<std::size_t>(4 * channels)) {}
  float* column(std::int64_t k) { return values.data() + k * values.size() / 4; }
  std::vector<float> values;
};

// x -> x * slope + shift does normalisation, gain and offset at once.
void affine_columns(const NormShape& shape,
                    const float* gain,
                    const float* offset,
                    const float* mean,
                    const float* rstd,
                    float* slope,
                    float* shift) {
  const std::int64_t size = shape.channels / shape.groups;
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    slope[c] = rstd[c / size] * gain[c];
    shift[c] = offset[c] - mean[c / size] * slope[c];
  }
}

}  // namespace

template <class In, class Out>
void norm_forward(const NormShape& shape,
                  const In* x,
                  const float* gain,
                  const float* offset,
                  Out* y,
                  float* mean,
                  float* rstd) {
  const std::int64_t channels = shape.channels, size = channels / shape.groups;
  Columns work(channels);
  float* const sum = work.column(0);
  float* const squares = work.column(1);
  for (std::int64_t p = 0; p < shape.pixels; ++p) {
    const In* const row = x + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) sum[c] += to_float(row[c]);
  }
  const double count = static_cast<double>(size * shape.pixels);
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    double total = 0;
    for (std::int64_t c = g * size; c < (g + 1) * size; ++c) total += sum[c];
    mean[g] = static_cast<float>(total / count);
  }
  float* const centre = work.column(2);
  for (std::int64_t c = 0; c < channels; ++c) centre[c] = mean[c / size];
  for (std::int64_t p = 0; p < shape.pixels; ++p) {
    const In* const row = x + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float d = to_float(row[c]) - centre[c];
      squares[c] += d * d;
    }
  }
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    double total = 0;
    for (std::int64_t c = g * size; c < (g + 1) * size; ++c) total += squares[c];
    rstd[g] = static_cast<float>(1 / std::sqrt(total / count + shape.epsilon));
  }
  float* const slope = work.column(0);
  float* const shift = work.column(1);
  affine_columns(shape, gain, offset, mean, rstd, slope, shift);
  for (std::int64_t p = 0; p < shape.pixels; ++p) {
    const In* const row = x + p * channels;
    Out* const to = y + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float u = to_float(row[c]) * slope[c] + shift[c];
      store(u * logistic(u), to[c]);
    }
  }
}

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
                   float* by_offset) {
  const std::int64_t channels = shape.channels, size = channels / shape.groups;
  Columns work(channels);
  float* const slope = work.column(0);
  float* const shift = work.column(1);
  affine_columns(shape, gain, offset, mean, rstd, slope, shift);
  std::vector<float> by_u(static_cast<std::size_t>(shape.pixels * channels));
  float* const times_x = work.column(2);  // sum over pixels of by_u * (x - mean)
  float* const centre = work.column(3);
  for (std::int64_t c = 0; c < channels; ++c) {
    centre[c] = mean[c / size];
    by_offset[c] = 0;
  }
  for (std::int64_t p = 0; p < shape.pixels; ++p) {
    const In* const row = x + p * channels;
    const Out* const dy = by_y + p * channels;
    float* const du = by_u.data() + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const float v = to_float(row[c]);
      const float u = v * slope[c] + shift[c];
      const float s = logistic(u);
      const float d = to_float(dy[c]) * s * (1.0f + u * (1.0f - s));
      du[c] = d;
      by_offset[c] += d;
      times_x[c] += d * (v - centre[c]);
    }
  }
  // With n = (x - mean) rstd and h = by_u * gain: by_x = rstd (h - mean_g(h) - n mean_g(h n)).
  const double count = static_cast<double>(size * shape.pixels);
  std::vector<float> constant(static_cast<std::size_t>(channels)), linear(constant.size());
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    double sum = 0, product = 0;
    for (std::int64_t c = g * size; c < (g + 1) * size; ++c) {
      by_gain[c] = times_x[c] * rstd[g];
      sum += static_cast<double>(gain[c]) * by_offset[c];
      product += static_cast<double>(gain[c]) * by_gain[c];
    }
    const double slope_g = -rstd[g] * rstd[g] * product / count;
    for (std::int64_t c = g * size; c < (g + 1) * size; ++c) {
      linear[c] = static_cast<float>(slope_g);
      constant[c] = static_cast<float>(-rstd[g] * sum / count - slope_g * mean[g]);
    }
  }
  for (std::int64_t p = 0; p < shape.pixels; ++p) {
    const In* const row = x + p * channels;
    const float* const du = by_u.data() + p * channels;
    In* const dx = by_x + p * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      store(du[c] * slope[c] + to_float(row[c]) * linear[c] + constant[c], dx[c]);
    }
  }
}

#define STOCHFLOW_INSTANTIATE(In, Out)                                                \
  template void norm_forward(                                                         \
      const NormShape&, const In*, const float*, const float*, Out*, float*, float*); \
  template void norm_backward(const NormShape&,                                       \
                              const In*,                                              \
                              const float*,                                           \
                              const float*,                                           \
                              const float*,                                           \
                              const float*,                                           \
                              const Out*,                                             \
                              In*,                                                    \
                              float*,                                                 \
                              float*);
STOCHFLOW_INSTANTIATE(float, float)
STOCHFLOW_INSTANTIATE(float, BrainFloat)
STOCHFLOW_INSTANTIATE(BrainFloat, float)
STOCHFLOW_INSTANTIATE(BrainFloat, BrainFloat)
#undef STOCHFLOW_INSTANTIATE

}  // namespace stochflow::diffusion::detail
