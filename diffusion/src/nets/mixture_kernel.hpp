#pragma once

// The arithmetic of the mixture-posterior head on plain arrays, one sample at a time: see
// stochflow/diffusion/nets/mixture_head.hpp for the formulas and the meaning of the channels.
// Everything inside is double: a box one grey level wide at the widest noise is a difference of
// normal distribution functions that agree in their first four digits.

#include <cstdint>
#include <span>

namespace stochflow::diffusion::detail {

struct Box {
  double low;
  double high;
};

/// One sample of `pixels` values at noise level (alpha, sigma).
template <class T>
struct MixtureInput {
  std::span<const Box> boxes;
  std::int64_t gaussians;
  std::int64_t pixels;
  const T* outputs;  // [channels, pixels]: box logits, Gaussian logits, means, log widths
  const T* z;        // [pixels]
  const T* x;        // [pixels] the clean values, or null
  double alpha;
  double sigma;
};

template <class T>
struct MixtureResult {
  T* eps;           // [pixels]
  T* variance;      // [pixels] posterior variance of x, or null
  double surprise;  // -log p(x | z) + log N(y; x, sigma_hat^2), summed; 0 without x
};

template <class T>
struct MixtureGradient {
  const T* eps;     // [pixels] derivative of the loss by eps, or null
  double surprise;  // derivative of the loss by the surprise
  T* outputs;       // [channels, pixels]
  T* z;             // [pixels]
};

template <class T>
void mixture_forward(const MixtureInput<T>& in, MixtureResult<T>& out);

template <class T>
void mixture_backward(const MixtureInput<T>& in, const MixtureGradient<T>& gradient);

}  // namespace stochflow::diffusion::detail
