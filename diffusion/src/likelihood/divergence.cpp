#include "stochflow/diffusion/likelihood/divergence.hpp"

#include <ATen/ATen.h>

#include <bit>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "tensor/jacobian.hpp"

namespace stochflow::diffusion {
namespace {

using detail::Evaluation;
using detail::vector_jacobian;

Evaluation evaluate(const NoisePredictor& model, const at::Tensor& z, const at::Tensor& gamma) {
  return detail::evaluate_with_graph(model, z, gamma, "likelihood");
}

constexpr std::int64_t colours = 4;

/// Row m of the Hadamard matrix over the colours of the pixels of a sample like z[0].
at::Tensor colour_signs(std::int64_t m, const at::Tensor& z) {
  const std::int64_t width = z.size(-1), height = z.dim() > 2 ? z.size(-2) : 1;
  std::vector<double> signs;
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const std::int64_t colour = ((row + column) & 1) | (row & 1) << 1;
      const auto common = static_cast<std::uint64_t>(m & colour);
      signs.push_back(std::popcount(common) % 2 == 0 ? 1.0 : -1.0);
    }
  }
  const at::Tensor plane = at::tensor(signs, at::kDouble).to(z.options());
  return z.dim() > 2 ? plane.view({height, width}) : plane;
}

/// Probes number first, first + 1, ... of each sample.
at::Tensor drawn(Probe kind,
                 std::int64_t first,
                 std::int64_t count,
                 std::uint64_t seed,
                 const SampleIds& ids,
                 const at::Tensor& z) {
  if (count < 1) {
    throw std::invalid_argument("make_probes: expected at least 1 probe, found " +
                                std::to_string(count));
  }
  const RandomStream stream(seed, Purpose::probe);
  std::vector<at::Tensor> probes;
  for (std::int64_t p = first; p < first + count; ++p) {
    const auto draw = static_cast<std::uint64_t>(p);
    probes.push_back(kind == Probe::rademacher ? rademacher(stream, ids, draw, z)
                                               : normals(stream, ids, draw, z));
  }
  return at::stack(probes);
}

}  // namespace

at::Tensor make_probes(
    Probe kind, std::int64_t count, std::uint64_t seed, const SampleIds& ids, const at::Tensor& z) {
  return drawn(kind, 0, count, seed, ids, z);
}

at::Tensor probes_of_interval(std::int64_t m,
                              Probe kind,
                              std::int64_t count,
                              std::uint64_t seed,
                              const SampleIds& ids,
                              const at::Tensor& z) {
  return drawn(kind, m / colours * count, count, seed, ids, z) * colour_signs(m % colours, z);
}

NoiseDivergence noise_divergence(const NoisePredictor& model,
                                 const at::Tensor& z,
                                 const at::Tensor& gamma,
                                 const at::Tensor& probes) {
  const Evaluation at_z = evaluate(model, z, gamma);
  const std::int64_t count = probes.size(0);
  at::Tensor sum = at::zeros({z.size(0)}, z.options().dtype(at::kDouble));
  for (std::int64_t p = 0; p < count; ++p) {
    const at::Tensor v = probes[p];
    const at::Tensor vJ = vector_jacobian(at_z, v, p + 1 < count);
    sum = sum + (vJ * v).flatten(1).sum({1}, false, at::kDouble);
  }
  return {at_z.eps.detach(), sum / static_cast<double>(count)};
}

NoiseDivergence noise_divergence_hutch_plus_plus(const NoisePredictor& model,
                                                 const at::Tensor& z,
                                                 const at::Tensor& gamma,
                                                 const at::Tensor& probes) {
  const std::int64_t count = probes.size(0), k = count / 3;
  if (k < 1) {
    throw std::invalid_argument("Hutch++: expected at least 3 probes, found " +
                                std::to_string(count));
  }
  const Evaluation at_z = evaluate(model, z, gamma);
  const auto times_J = [&](const at::Tensor& v, bool keep_graph) {
    return vector_jacobian(at_z, v.reshape(z.sizes()), keep_graph).flatten(1);
  };
  std::vector<at::Tensor> range;
  for (std::int64_t p = 0; p < k; ++p) range.push_back(times_J(probes[p], true));
  // [B, D, k]; a row's basis does not depend on the other rows.
  const at::Tensor Q = std::get<0>(at::linalg_qr(at::stack(range, 2).to(at::kDouble)));
  const at::Tensor basis = Q.to(z.scalar_type());
  const auto quadratic_form = [&](const at::Tensor& v, bool keep_graph) {
    return (times_J(v, keep_graph) * v).sum({1}, false, at::kDouble);
  };
  at::Tensor trace = at::zeros({z.size(0)}, z.options().dtype(at::kDouble));
  for (std::int64_t p = 0; p < k; ++p) trace = trace + quadratic_form(basis.select(2, p), true);
  at::Tensor rest = at::zeros_like(trace);
  for (std::int64_t p = 2 * k; p < count; ++p) {
    const at::Tensor v = probes[p].flatten(1).unsqueeze(2);
    const at::Tensor outside = (v - basis.matmul(basis.transpose(1, 2).matmul(v))).squeeze(2);
    rest = rest + quadratic_form(outside, p + 1 < count);
  }
  return {at_z.eps.detach(), trace + rest / static_cast<double>(count - 2 * k)};
}

NoiseDivergence noise_divergence_exact(const NoisePredictor& model,
                                       const at::Tensor& z,
                                       const at::Tensor& gamma) {
  const Evaluation at_z = evaluate(model, z, gamma);
  const std::int64_t D = z.numel() / z.size(0);
  at::Tensor trace = at::zeros({z.size(0)}, z.options().dtype(at::kDouble));
  for (std::int64_t k = 0; k < D; ++k) {
    at::Tensor unit = at::zeros({z.size(0), D}, z.options());
    unit.select(1, k).fill_(1);
    const at::Tensor row = vector_jacobian(at_z, unit.view_as(z), k + 1 < D);
    trace = trace + row.flatten(1).select(1, k);
  }
  return {at_z.eps.detach(), trace};
}

}  // namespace stochflow::diffusion
