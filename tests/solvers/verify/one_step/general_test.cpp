#include "proofs.hpp"

namespace stochflow::verify {

TEST(Proofs, GeneralNoise) { expect_claims_proved<Noise::general>(); }

}  // namespace stochflow::verify
