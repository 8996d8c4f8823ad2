#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableErrors> additive_errors() { return errors_with_noise<Noise::additive>(); }

}  // namespace stochflow::apps
