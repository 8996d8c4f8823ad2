#include "stochflow/diffusion/samplers/pc.hpp"

#include <cmath>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/euler_maruyama.hpp"

namespace stochflow::diffusion {
namespace {

/// e = 2 (r sqrt(D) / |score|)^2 for each sample, with |score| at least sqrt(D)/scale: [B, 1, ...].
at::Tensor langevin_step_size(const at::Tensor& score, double signal_to_noise, const Level& level) {
  const double least = 1 / (level.scale() * level.scale());
  const at::Tensor mean_square = score.flatten(1).square().mean(1).clamp_min(least);
  return per_sample(2 * signal_to_noise * signal_to_noise / mean_square, score);
}

}  // namespace

Samples sample_pc(const NoisePredictor& model,
                  const Schedule& schedule,
                  const Draw& draw,
                  std::span<const double> times,
                  const LangevinCorrector& corrector,
                  const SampleOptions& options) {
  const at::NoGradGuard no_gradients;
  const ReverseSde sde{schedule, model};
  const EulerMaruyama predictor;
  at::Tensor x = prior_sample(schedule, draw);
  const TensorIncrements path(draw.seed, draw.ids, x);
  const RandomStream langevin(draw.seed, Purpose::corrector);
  const auto observe = [&](double t) {
    if (options.observer) options.observer(x, t);
  };

  const std::vector<double> grid = reverse_grid(times);
  const auto steps = static_cast<std::int64_t>(grid.size()) - 1;
  std::uint64_t correction = 0;
  for (std::int64_t k = 0; k < steps; ++k) {
    const double s = grid[static_cast<std::size_t>(k)];
    const double h = grid[static_cast<std::size_t>(k) + 1] - s;
    observe(schedule.t1 - s);
    const Level level = sde.level(s);
    for (int j = 0; j < corrector.steps; ++j) {
      const at::Tensor score = score_at(model, x, level);
      const at::Tensor e = langevin_step_size(score, corrector.signal_to_noise, level);
      const at::Tensor n = standard_normals(langevin, draw.ids, correction++, x);
      x = x + e * score + (2 * e).sqrt() * n;
    }
    x = predictor.step(sde, x, s, h, path.increment({k, s, h}));
  }
  observe(schedule.t0);
  const std::int64_t nfe = steps * (1 + corrector.steps);
  const Status status = StateTraits<at::Tensor>::all_finite(x) ? Status::ok : Status::not_finite;
  return detail::finish(model, schedule, options, {x, nfe, {status, schedule.t0, steps}});
}

}  // namespace stochflow::diffusion
