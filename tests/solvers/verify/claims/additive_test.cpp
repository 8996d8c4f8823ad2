#include "claims.hpp"

namespace stochflow::verify {

TEST(Claims, AdditiveNoise) { expect_no_claim_contradicted<Noise::additive>(); }

}  // namespace stochflow::verify
