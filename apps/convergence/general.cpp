#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableErrors> general_errors() { return errors_with_noise<Noise::general>(); }

}  // namespace stochflow::apps
