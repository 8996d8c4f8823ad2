#include "claims.hpp"

namespace stochflow::verify {

TEST(Claims, CommutativeNoise) { expect_no_claim_contradicted<Noise::commutative>(); }

}  // namespace stochflow::verify
