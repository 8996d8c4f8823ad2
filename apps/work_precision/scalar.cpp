#include "work_precision/instantiate.hpp"

namespace stochflow::apps {

std::vector<AdaptiveRun> scalar_adaptive_runs() {
  return adaptive_runs_with_noise<Noise::scalar>();
}

}  // namespace stochflow::apps
