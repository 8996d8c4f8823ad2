#include "work_precision/instantiate.hpp"

namespace stochflow::apps {

std::vector<AdaptiveRun> diagonal_adaptive_runs() {
  return adaptive_runs_with_noise<Noise::diagonal>();
}

}  // namespace stochflow::apps
