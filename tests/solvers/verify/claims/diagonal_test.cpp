#include "claims.hpp"

namespace stochflow::verify {

TEST(Claims, DiagonalNoise) { expect_no_claim_contradicted<Noise::diagonal>(); }

}  // namespace stochflow::verify
