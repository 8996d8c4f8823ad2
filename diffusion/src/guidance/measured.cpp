#include "stochflow/diffusion/guidance/measured.hpp"

#include <ATen/ATen.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "tensor/jacobian.hpp"

namespace stochflow::diffusion {
namespace {

/// Inner products, row by row: [B].
at::Tensor row_products(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).flatten(1).sum(1);
}

/// Solves C v = r row by row from v = 0. A row ends when it has arrived, and before a step that
/// would leave it with more than three times the residual it began with: the Jacobian of a network
/// is not quite symmetric and not quite positive, and where it is neither a step may multiply the
/// residual by a hundred, from which a sample never recovers.
template <class Apply>
at::Tensor conjugate_gradients(const Apply& C, at::Tensor r, int iterations) {
  at::Tensor v = at::zeros_like(r), p = r, r2 = row_products(r, r);
  const at::Tensor arrived = 1e-24 * r2, most = 9 * r2;
  at::Tensor go = at::ones_like(r2, at::kBool);
  for (int k = 0; k < iterations; ++k) {
    const at::Tensor Cp = C(p);
    const at::Tensor pCp = row_products(p, Cp);
    go = go.logical_and(r2 > arrived).logical_and(pCp > 0);
    const at::Tensor step = at::where(go, r2 / pCp, at::zeros_like(r2));
    const at::Tensor moved = r - beside(step, r) * Cp;
    const at::Tensor next = row_products(moved, moved);
    go = go.logical_and(next <= most);
    v = v + beside(at::where(go, step, at::zeros_like(step)), v) * p;
    p = moved + beside(at::where(go, next / r2, at::zeros_like(r2)), p) * p;
    r = moved;
    r2 = next;
  }
  return v;
}

}  // namespace

Measured::Measured(const NoisePredictor& model, Measurement measurement, int iterations)
    : model_(model), measurement_(std::move(measurement)), iterations_(iterations) {
  if (!(measurement_.noise_std > 0) || iterations < 1) {
    throw std::invalid_argument(
        "Measured: expected noise_std > 0 (for data without noise, a small one: half a grey level "
        "is 0.004) and at least one iteration");
  }
}

at::Tensor Measured::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const auto at_z = detail::evaluate_with_graph(model_, z, gamma, "Measured");
  const at::Tensor eps = at_z.eps.detach();
  const auto [a, s] = frame_levels(gamma, z);
  const at::Tensor D = (z - s * eps) / a;
  // J = (1 - s deps/dz)/a
  const auto transposed_J = [&](const at::Tensor& v) {
    return (v - detail::vector_jacobian(at_z, s * v, /*keep_graph=*/true)) / a;
  };
  const LinearOperator& A = measurement_.A;
  const double variance = measurement_.noise_std * measurement_.noise_std;
  const auto C = [&](const at::Tensor& v) {
    return variance * v + A.apply(s * s / a * transposed_J(A.adjoint(v)));
  };
  const at::Tensor residual = measurement_.y.to(z.options()) - A.apply(D);
  const at::Tensor v = conjugate_gradients(C, residual, iterations_);
  return eps - s * transposed_J(A.adjoint(v));
}

}  // namespace stochflow::diffusion
