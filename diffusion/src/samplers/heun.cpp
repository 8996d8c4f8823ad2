#include "stochflow/diffusion/samplers/heun.hpp"

#include "stochflow/diffusion/samplers/sde.hpp"
#include "stochflow/methods/heun.hpp"

namespace stochflow::diffusion {

Samples sample_heun(const NoisePredictor& model,
                    const Schedule& schedule,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options) {
  return sample_sde(Heun{}, model, schedule, draw, times, options);
}

}  // namespace stochflow::diffusion
