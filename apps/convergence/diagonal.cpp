#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableErrors> diagonal_errors() { return errors_with_noise<Noise::diagonal>(); }

}  // namespace stochflow::apps
