#include "stochflow/diffusion/samplers/em.hpp"

#include "stochflow/diffusion/samplers/sde.hpp"
#include "stochflow/methods/euler_maruyama.hpp"

namespace stochflow::diffusion {

Samples sample_em(const NoisePredictor& model,
                  const Schedule& schedule,
                  const Draw& draw,
                  std::span<const double> times,
                  const SampleOptions& options) {
  return sample_sde(EulerMaruyama{}, model, schedule, draw, times, options);
}

}  // namespace stochflow::diffusion
