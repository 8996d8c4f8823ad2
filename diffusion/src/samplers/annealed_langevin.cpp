#include "stochflow/diffusion/samplers/annealed_langevin.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <stdexcept>

#include "stochflow/diffusion/samplers/grid_run.hpp"

namespace stochflow::diffusion {

Samples sample_annealed_langevin(const NoisePredictor& model,
                                 const Schedule& schedule,
                                 const Draw& draw,
                                 std::span<const double> times,
                                 const Annealing& annealing,
                                 const SampleOptions& options) {
  if (annealing.steps_per_level < 1 || annealing.steps_per_level > 65535 ||
      !(annealing.step > 0 && annealing.step < 2)) {
    throw std::invalid_argument(
        "sample_annealed_langevin: expected 1 to 65535 steps a level and a step between 0 and 2, "
        "beyond which Langevin's dynamics diverges");
  }
  GridRun run(model, schedule, draw, times, options);
  at::Tensor y = run.start();
  for (std::size_t k = 1; k <= run.steps(); ++k) {
    const double sigma = run.sigma(k), spread = std::sqrt(2 * annealing.step) * sigma;
    for (int j = 0; j < annealing.steps_per_level; ++j) {
      // e score = step (D - y)
      y = y + annealing.step * (run.denoised(y, sigma) - y) +
          spread * run.noise(k, static_cast<std::uint64_t>(j));
    }
    run.arrive(k, y);
  }
  return run.finish(y);
}

}  // namespace stochflow::diffusion
