#include "stochflow/diffusion/samplers/ode_per_sample.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/tensor/micro_batch.hpp"

namespace stochflow::diffusion {

Samples sample_ode_per_sample(const NoisePredictor& model,
                              const Schedule& schedule,
                              const Draw& draw,
                              const PerSampleTolerance& tolerance,
                              const SampleOptions& options) {
  if (!(tolerance.rtol >= 0 && tolerance.atol > 0 && tolerance.batch > 0)) {
    throw std::invalid_argument(
        "sample_ode_per_sample: expected rtol >= 0, atol > 0 and a batch of at least 1");
  }
  const at::NoGradGuard no_gradients;
  const at::Tensor x1 = prior_sample(schedule, draw);
  if (options.observer) options.observer(x1, schedule.t1);
  const Level first = schedule.at(schedule.t1), last = schedule.at(schedule.t0);
  const std::int64_t N = x1.size(0), D = x1.numel() / std::max<std::int64_t>(N, 1);
  const std::int64_t B = std::min(tolerance.batch, N);
  std::vector<std::int64_t> shape{B};
  shape.insert(shape.end(), draw.shape.begin(), draw.shape.end());

  // LibTorch's loops round otherwise in the rest of a row of registers than in full ones, so the
  // levels are filled up to full ones: a sample's s must not depend on its place in the batch.
  const std::int64_t full = (B + 63) / 64 * 64;
  const auto field = [&](const at::Tensor& z, const at::Tensor& gamma) {
    const at::Tensor level = gamma.to(z.scalar_type());
    const at::Tensor s =
        at::sigmoid(filled_up(level, 0, B, full)).sqrt().slice(0, 0, B).unsqueeze(1);
    const at::Tensor eps = model.eps(z.view(shape), level).reshape({B, D});
    return 0.5 * s * (eps - s * z);
  };
  const auto error_norm = [&](const at::Tensor& z, const at::Tensor& next, const at::Tensor& e) {
    const at::Tensor allowed = tolerance.atol + tolerance.rtol * at::maximum(z.abs(), next.abs());
    return (e / allowed).square().mean(1).sqrt();
  };
  AdaptiveBatch batch(tolerance.method,
                      field,
                      error_norm,
                      first.gamma,
                      last.gamma,
                      B,
                      D,
                      x1.options(),
                      tolerance.control);

  const at::Tensor z1 = (x1 / first.scale()).view({N, D});
  const at::Tensor z0 = at::empty_like(z1);
  Samples samples{.x = {}, .nfe = 0, .outcome = {.status = Status::ok, .t = schedule.t0}};
  std::vector<std::int64_t> sample_in(static_cast<std::size_t>(B), -1);
  std::int64_t next = 0;
  for (;;) {
    for (std::int64_t row = 0; row < B; ++row) {
      std::int64_t& sample = sample_in[static_cast<std::size_t>(row)];
      const AdaptiveBatch::Row& at_row = batch.row(row);
      if (at_row.busy) continue;
      if (sample >= 0) {
        z0[sample].copy_(batch.state(row));
        samples.nfe += at_row.evaluations;
        samples.outcome.step = std::max(samples.outcome.step, at_row.outcome.step);
        if (!at_row.outcome.ok() && samples.outcome.ok()) {
          samples.outcome.status = at_row.outcome.status;
          samples.outcome.t = schedule.time_of(at_row.outcome.t);
        }
        sample = -1;
      }
      if (next < N) {
        sample = next++;
        batch.load(row, z1[sample]);
      }
    }
    if (!batch.any_busy()) break;
    batch.step();
  }
  samples.nfe = (samples.nfe + N - 1) / N;
  samples.x = last.scale() * z0.view_as(x1);
  if (options.observer) options.observer(samples.x, schedule.t0);
  return detail::finish(model, schedule, options, samples);
}

}  // namespace stochflow::diffusion
