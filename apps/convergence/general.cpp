#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<Pair> general_pairs() { return pairs_with_noise<Noise::general>(); }

}  // namespace stochflow::apps
