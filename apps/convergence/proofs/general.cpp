#include "convergence/proofs/instantiate.hpp"

namespace stochflow::apps {

std::vector<MethodProofs> general_proofs() { return proofs_with_noise<Noise::general>(); }

}  // namespace stochflow::apps
