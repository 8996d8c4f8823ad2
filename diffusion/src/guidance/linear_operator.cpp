#include "stochflow/diffusion/guidance/linear_operator.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace stochflow::diffusion {

LinearOperator known_pixels(const at::Tensor& known) {
  const auto keep = [known](const at::Tensor& x) { return x * known.to(x.options()); };
  return {keep, keep};
}

LinearOperator mean_of_squares(std::int64_t factor) {
  if (factor < 1) {
    throw std::invalid_argument("mean_of_squares: expected a factor of at least 1, found " +
                                std::to_string(factor));
  }
  const auto apply = [factor](const at::Tensor& x) {
    if (x.dim() != 4 || x.size(2) % factor != 0 || x.size(3) % factor != 0) {
      throw std::invalid_argument(
          "mean_of_squares: expected images [B, C, H, W] with H and W multiples of " +
          std::to_string(factor));
    }
    return x.reshape({x.size(0), x.size(1), x.size(2) / factor, factor, x.size(3) / factor, factor})
        .mean(at::IntArrayRef{3, 5});
  };
  const auto adjoint = [factor](const at::Tensor& y) {
    const double weight = 1.0 / static_cast<double>(factor * factor);
    return weight * y.repeat_interleave(factor, 2).repeat_interleave(factor, 3);
  };
  return {apply, adjoint};
}

LinearOperator gaussian_blur(double width, std::int64_t radius) {
  if (!(width > 0) || radius < 0) {
    throw std::invalid_argument("gaussian_blur: expected width > 0 and radius >= 0");
  }
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t k = -radius; k <= radius; ++k) {
    weights.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (width * width)));
    sum += weights.back();
  }
  for (double& w : weights) w /= sum;
  const at::Tensor window = at::tensor(weights, at::kDouble);
  // Symmetric weights and zeros outside: the blur is its own adjoint.
  const auto blur = [window, radius](const at::Tensor& x) {
    const std::int64_t C = x.size(1), n = 2 * radius + 1;
    const at::Tensor w = window.to(x.options());
    const at::Tensor rows = w.view({1, 1, n, 1}).expand({C, 1, n, 1});
    const at::Tensor columns = w.view({1, 1, 1, n}).expand({C, 1, 1, n});
    const std::vector<std::int64_t> one{1, 1}, pad_rows{radius, 0}, pad_columns{0, radius};
    return at::conv2d(
        at::conv2d(x, rows, {}, one, pad_rows, one, C), columns, {}, one, pad_columns, one, C);
  };
  return {blur, blur};
}

LinearOperator mean_of_channels(std::int64_t channels) {
  if (channels < 1) {
    throw std::invalid_argument("mean_of_channels: expected at least 1 channel, found " +
                                std::to_string(channels));
  }
  return {[](const at::Tensor& x) { return x.mean(1, /*keepdim=*/true); },
          [channels](const at::Tensor& y) {
            return (y / static_cast<double>(channels)).repeat_interleave(channels, 1);
          }};
}

LinearOperator matrix_operator(const at::Tensor& A) {
  return {[A](const at::Tensor& x) { return x.matmul(A.to(x.options()).t()); },
          [A](const at::Tensor& y) { return y.matmul(A.to(y.options())); }};
}

}  // namespace stochflow::diffusion
