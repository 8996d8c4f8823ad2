#pragma once

// What a measurement sees of an image: linear maps x [B, ...] -> y [B, ...] with their adjoints,
// row by row. Guided samplers (mmps.hpp, dps.hpp, repaint.hpp) ask for nothing else, so a map of
// your own is two functions.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace stochflow::diffusion {

struct LinearOperator {
  std::function<at::Tensor(const at::Tensor& x)> apply;    // A x
  std::function<at::Tensor(const at::Tensor& y)> adjoint;  // A^T y
};

/// Keeps the pixels where `known` [C, H, W] (or any shape that x [B, ...] broadcasts with) is 1 and
/// makes the others 0: inpainting.
LinearOperator known_pixels(const at::Tensor& known);

/// Means over squares of factor x factor pixels, [B, C, H, W] -> [B, C, H/factor, W/factor]:
/// super-resolution. H and W must be multiples of factor; applying throws std::invalid_argument
/// otherwise.
LinearOperator mean_of_squares(std::int64_t factor);

/// A Gaussian blur of standard deviation `width` pixels along both axes, over a window of 2 radius
/// + 1 pixels with weights of sum one; what lies outside the image counts as 0.
LinearOperator gaussian_blur(double width, std::int64_t radius);

/// The mean over channels, [B, C, H, W] -> [B, 1, H, W]: colour to grey.
LinearOperator mean_of_channels(std::int64_t channels);

/// y = x A^T for x [B, D] and a matrix A [M, D].
LinearOperator matrix_operator(const at::Tensor& A);

/// y = A x0 + noise_std n, one row a sample, in the units of the data.
struct Measurement {
  LinearOperator A;
  at::Tensor y;          // [B, ...]
  double noise_std = 0;  // above 0, but for repaint
};

}  // namespace stochflow::diffusion
