#include "stochflow/diffusion/likelihood/flow.hpp"

#include <ATen/ATen.h>

#include <functional>
#include <numeric>
#include <utility>

namespace stochflow::diffusion {

LikelihoodFlow::LikelihoodFlow(const NoisePredictor& model,
                               std::vector<std::int64_t> shape,
                               at::ScalarType dtype,
                               Trace trace)
    : model_(model), shape_(std::move(shape)), dtype_(dtype), trace_(trace) {}

void LikelihoodFlow::set_probes(at::Tensor probes) { probes_ = std::move(probes); }

void LikelihoodFlow::set_probes(std::int64_t row, const at::Tensor& probes) {
  probes_.select(1, row).copy_(probes);
}

at::Tensor LikelihoodFlow::operator()(const at::Tensor& state, const at::Tensor& gamma) const {
  const std::int64_t B = state.size(0), D = state.size(1) - 1;
  std::vector<std::int64_t> batch_shape{B};
  batch_shape.insert(batch_shape.end(), shape_.begin(), shape_.end());
  const at::Tensor u = state.slice(1, 0, D);
  const at::Tensor s = at::sigmoid(gamma).sqrt();  // z = s u
  const at::Tensor z = (s.unsqueeze(1) * u).to(dtype_).view(batch_shape);
  const NoiseDivergence found = trace_ == Trace::exact
                                    ? noise_divergence_exact(model_, z, gamma.to(dtype_))
                                    : noise_divergence(model_, z, gamma.to(dtype_), probes_);
  const at::Tensor du = 0.5 * (found.eps.flatten(1).to(at::kDouble) - u);
  const at::Tensor dl = 0.5 * s * found.divergence;  // div_u = s div_z
  return at::cat({du, dl.unsqueeze(1)}, 1);
}

at::Tensor likelihood_error(const at::Tensor& state,
                            const at::Tensor& next,
                            const at::Tensor& error,
                            const LikelihoodTolerance& tolerance) {
  const std::int64_t D = state.size(1) - 1;
  const at::Tensor size = at::maximum(state.abs(), next.abs()).slice(1, 0, D);
  const at::Tensor allowed = tolerance.atol + tolerance.rtol * size;
  const at::Tensor of_u = (error.slice(1, 0, D) / allowed).square().mean(1).sqrt();
  const at::Tensor of_l = error.select(1, D).abs() / tolerance.atol_log_density;
  return at::maximum(of_u, of_l);
}

}  // namespace stochflow::diffusion
