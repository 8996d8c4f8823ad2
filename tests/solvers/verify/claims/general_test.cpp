#include "claims.hpp"

namespace stochflow::verify {

TEST(Claims, GeneralNoise) { expect_no_claim_contradicted<Noise::general>(); }

}  // namespace stochflow::verify
