#include "stochflow/diffusion/samplers/pc.hpp"

#include <c10/core/GradMode.h>

#include <stdexcept>
#include <string>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {

at::Tensor langevin_step(const NoisePredictor& model,
                         const at::Tensor& x,
                         const Level& level,
                         double signal_to_noise,
                         const at::Tensor& n) {
  const at::Tensor score = score_at(model, x, level);
  const double least = 1 / (level.scale() * level.scale());
  const at::Tensor mean_square = score.flatten(1).square().mean(1).clamp_min(least);
  const at::Tensor e = beside(2 * signal_to_noise * signal_to_noise / mean_square, x);
  return x + e * score + (2 * e).sqrt() * n;
}

Samples sample_pc(const NoisePredictor& model,
                  const Schedule& schedule,
                  const Draw& draw,
                  std::span<const double> times,
                  const LangevinCorrector& corrector,
                  const SampleOptions& options) {
  if (corrector.steps < 0 || !(corrector.signal_to_noise > 0)) {
    throw std::invalid_argument(
        "sample_pc: expected a positive signal-to-noise ratio and no negative number of corrector "
        "steps, found " +
        std::to_string(corrector.signal_to_noise) + " and " + std::to_string(corrector.steps));
  }
  const c10::NoGradGuard no_gradients;
  const ReverseSde sde{schedule, model};
  const EulerMaruyama predictor;
  at::Tensor x = prior_sample(schedule, draw);
  const TensorIncrements path(draw.seed, draw.ids, x);
  const RandomStream langevin(draw.seed, Purpose::corrector);
  const auto observe = [&](double t) {
    if (options.observer) options.observer(x, t);
  };

  const std::vector<double> grid = reverse_grid(times);
  stochflow::detail::check_times(grid, {});
  const auto steps = static_cast<std::int64_t>(grid.size()) - 1;
  std::uint64_t correction = 0;
  for (std::int64_t k = 0; k < steps; ++k) {
    const double s = grid[static_cast<std::size_t>(k)];
    const double h = grid[static_cast<std::size_t>(k) + 1] - s;
    observe(schedule.t1 - s);
    const Level level = sde.level(s);
    for (int j = 0; j < corrector.steps; ++j) {
      const at::Tensor n = normals(langevin, draw.ids, correction++, x);
      x = langevin_step(model, x, level, corrector.signal_to_noise, n);
    }
    x = predictor.step(sde, x, s, h, path.increment({k, s, h}));
  }
  observe(schedule.t0);
  const std::int64_t nfe = steps * (1 + corrector.steps);
  const Status status = StateTraits<at::Tensor>::all_finite(x) ? Status::ok : Status::not_finite;
  return detail::finish(model, schedule, options, {x, nfe, {status, schedule.t0, steps}});
}

}  // namespace stochflow::diffusion
