#include "proofs.hpp"

namespace stochflow::verify {

TEST(Proofs, ScalarNoise) { expect_claims_proved<Noise::scalar>(); }

}  // namespace stochflow::verify
