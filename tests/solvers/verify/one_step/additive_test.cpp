#include "proofs.hpp"

namespace stochflow::verify {

TEST(Proofs, AdditiveNoise) { expect_claims_proved<Noise::additive>(); }

}  // namespace stochflow::verify
