#include "convergence/proofs/instantiate.hpp"

namespace stochflow::apps {

std::vector<MethodProofs> commutative_proofs() { return proofs_with_noise<Noise::commutative>(); }

}  // namespace stochflow::apps
