#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<Pair> commutative_pairs() { return pairs_with_noise<Noise::commutative>(); }

}  // namespace stochflow::apps
