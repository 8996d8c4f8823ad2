#include "stochflow/diffusion/samplers/ode_per_sample.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/tensor/micro_batch.hpp"

namespace stochflow::diffusion {

Samples flow_map(const NoisePredictor& model,
                 const Schedule& schedule,
                 const at::Tensor& x,
                 double from,
                 double to,
                 const PerSampleTolerance& tolerance) {
  if (!(tolerance.rtol >= 0 && tolerance.atol > 0 && tolerance.batch > 0)) {
    throw std::invalid_argument("flow_map: expected rtol >= 0, atol > 0 and a batch of at least 1");
  }
  const c10::NoGradGuard no_gradients;
  const Level first = schedule.at(from), last = schedule.at(to);
  const std::int64_t N = x.size(0), D = x.numel() / std::max<std::int64_t>(N, 1);
  const std::int64_t B = std::min(tolerance.batch, N);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape[0] = B;

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
                      x.options(),
                      tolerance.control);

  const at::Tensor start = (x / first.scale()).reshape({N, D});
  const at::Tensor end = at::empty_like(start);
  Samples samples{.x = {}, .nfe = 0, .outcome = {.status = Status::ok, .t = to}};
  std::vector<std::int64_t> sample_in(static_cast<std::size_t>(B), -1);
  std::int64_t next = 0;
  for (;;) {
    for (std::int64_t row = 0; row < B; ++row) {
      std::int64_t& sample = sample_in[static_cast<std::size_t>(row)];
      const AdaptiveBatch::Row& at_row = batch.row(row);
      if (at_row.busy) continue;
      if (sample >= 0) {
        end[sample].copy_(batch.state(row));
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
        batch.load(row, start[sample]);
      }
    }
    if (!batch.any_busy()) break;
    batch.step();
  }
  samples.nfe = (samples.nfe + N - 1) / N;
  samples.x = last.scale() * end.view_as(x);
  return samples;
}

Samples sample_ode_per_sample(const NoisePredictor& model,
                              const Schedule& schedule,
                              const Draw& draw,
                              const PerSampleTolerance& tolerance,
                              const SampleOptions& options) {
  const at::Tensor x1 = prior_sample(schedule, draw);
  if (options.observer) options.observer(x1, schedule.t1);
  const Samples samples = flow_map(model, schedule, x1, schedule.t1, schedule.t0, tolerance);
  if (options.observer) options.observer(samples.x, schedule.t0);
  const c10::NoGradGuard no_gradients;
  return detail::finish(model, schedule, options, samples);
}

}  // namespace stochflow::diffusion
