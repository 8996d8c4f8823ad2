#include "convergence/proofs/instantiate.hpp"

namespace stochflow::apps {

std::vector<MethodProofs> scalar_proofs() { return proofs_with_noise<Noise::scalar>(); }

}  // namespace stochflow::apps
