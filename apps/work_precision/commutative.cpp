#include "work_precision/instantiate.hpp"

namespace stochflow::apps {

std::vector<AdaptiveRun> commutative_adaptive_runs() {
  return adaptive_runs_with_noise<Noise::commutative>();
}

}  // namespace stochflow::apps
