#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<Pair> additive_pairs() { return pairs_with_noise<Noise::additive>(); }

}  // namespace stochflow::apps
