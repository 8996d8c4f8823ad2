#include "stochflow/diffusion/likelihood/flow.hpp"

#include <ATen/ATen.h>

#include <stdexcept>
#include <utility>

#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {

NoiseDivergence noise_divergence_by(Trace trace,
                                    const NoisePredictor& model,
                                    const at::Tensor& z,
                                    const at::Tensor& gamma,
                                    const at::Tensor& probes) {
  switch (trace) {
    case Trace::hutchinson:
      return noise_divergence(model, z, gamma, probes);
    case Trace::hutch_plus_plus:
      return noise_divergence_hutch_plus_plus(model, z, gamma, probes);
    case Trace::exact:
      return noise_divergence_exact(model, z, gamma);
  }
  throw std::invalid_argument("noise_divergence_by: this trace is none of the enumerators");
}

LikelihoodFlow::LikelihoodFlow(const NoisePredictor& model,
                               std::vector<std::int64_t> shape,
                               at::ScalarType dtype,
                               Trace trace,
                               const MicroBatch& micro)
    : model_(model), shape_(std::move(shape)), dtype_(dtype), trace_(trace), micro_(micro) {}

void LikelihoodFlow::set_probes(const at::Tensor& probes) {
  probes_ = probes.transpose(0, 1).contiguous();
  next_probes_ = probes_.clone();
}

void LikelihoodFlow::set_probes(std::int64_t row, const at::Tensor& now, const at::Tensor& next) {
  probes_.select(0, row).copy_(now.squeeze(1));
  next_probes_.select(0, row).copy_(next.squeeze(1));
}

at::Tensor LikelihoodFlow::after_change(const at::Tensor& state, const at::Tensor& changed) const {
  if (!probes_.defined()) return field(state, probes_);
  const at::Tensor rows = beside(changed, probes_).to(at::kBool);
  return field(state, at::where(rows, next_probes_, probes_));
}

at::Tensor LikelihoodFlow::field(const at::Tensor& state, const at::Tensor& probes) const {
  const std::int64_t B = state.size(0), D = state.size(1) - 2;
  std::vector<std::int64_t> batch_shape{B};
  batch_shape.insert(batch_shape.end(), shape_.begin(), shape_.end());
  const at::Tensor z = state.slice(1, 0, D), gamma = state.select(1, D + 1);
  const at::Tensor own_z = z.to(dtype_).reshape(batch_shape), own_gamma = gamma.to(dtype_);

  const auto pieces = static_cast<std::size_t>((B + micro_.rows - 1) / micro_.rows);
  std::vector<at::Tensor> eps(pieces), divergence(pieces);
  for_each_piece(B, micro_, [&](std::size_t piece, std::int64_t first, std::int64_t count) {
    const auto part = [&](const at::Tensor& x) { return filled_up(x, first, count, micro_.rows); };
    const at::Tensor own_probes =
        trace_ == Trace::exact ? at::Tensor() : part(probes).transpose(0, 1).contiguous();
    const NoiseDivergence found =
        noise_divergence_by(trace_, model_, part(own_z), part(own_gamma), own_probes);
    eps[piece] = found.eps.slice(0, 0, count);
    divergence[piece] = found.divergence.slice(0, 0, count);
  });
  const at::Tensor s = at::sigmoid(gamma).sqrt().unsqueeze(1);
  const at::Tensor dz = 0.5 * s * (at::cat(eps).flatten(1).to(at::kDouble) - s * z);
  const at::Tensor dl = 0.5 * s * at::cat(divergence).unsqueeze(1);
  return at::cat({dz, dl, at::ones_like(dl)}, 1);
}

at::Tensor likelihood_error(const at::Tensor& error,
                            const at::Tensor& gamma,
                            const LikelihoodTolerance& tolerance) {
  const std::int64_t D = error.size(1) - 2;
  const at::Tensor s = at::sigmoid(gamma).sqrt();
  const at::Tensor of_z = error.slice(1, 0, D).square().mean(1).sqrt() / (s * tolerance.atol);
  const at::Tensor of_l = error.select(1, D).abs() / tolerance.atol_log_density;
  return at::maximum(of_z, of_l);
}

}  // namespace stochflow::diffusion
