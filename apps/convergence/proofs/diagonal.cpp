#include "convergence/proofs/instantiate.hpp"

namespace stochflow::apps {

std::vector<MethodProofs> diagonal_proofs() { return proofs_with_noise<Noise::diagonal>(); }

}  // namespace stochflow::apps
