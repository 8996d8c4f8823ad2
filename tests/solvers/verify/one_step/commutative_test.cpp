#include "proofs.hpp"

namespace stochflow::verify {

TEST(Proofs, CommutativeNoise) { expect_claims_proved<Noise::commutative>(); }

}  // namespace stochflow::verify
