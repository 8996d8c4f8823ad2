#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableErrors> commutative_errors() {
  return errors_with_noise<Noise::commutative>();
}

}  // namespace stochflow::apps
