#include "convergence/proofs/instantiate.hpp"

namespace stochflow::apps {

std::vector<MethodProofs> additive_proofs() { return proofs_with_noise<Noise::additive>(); }

}  // namespace stochflow::apps
