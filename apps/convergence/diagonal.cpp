#include "convergence/instantiate.hpp"

namespace stochflow::apps {

std::vector<Pair> diagonal_pairs() { return pairs_with_noise<Noise::diagonal>(); }

}  // namespace stochflow::apps
