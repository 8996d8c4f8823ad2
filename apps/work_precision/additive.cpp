#include "work_precision/instantiate.hpp"

namespace stochflow::apps {

std::vector<AdaptiveRun> additive_adaptive_runs() {
  return adaptive_runs_with_noise<Noise::additive>();
}

}  // namespace stochflow::apps
