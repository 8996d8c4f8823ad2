#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<MeasurableErrors> scalar_errors() { return errors_with_noise<Noise::scalar>(); }

}  // namespace stochflow::apps
