#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<Pair> scalar_pairs() { return pairs_with_noise<Noise::scalar>(); }

}  // namespace stochflow::apps
