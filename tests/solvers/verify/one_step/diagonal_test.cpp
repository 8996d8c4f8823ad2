#include "proofs.hpp"

namespace stochflow::verify {

TEST(Proofs, DiagonalNoise) { expect_claims_proved<Noise::diagonal>(); }

}  // namespace stochflow::verify
