#include "claims.hpp"

namespace stochflow::verify {

TEST(Claims, ScalarNoise) { expect_no_claim_contradicted<Noise::scalar>(); }

}  // namespace stochflow::verify
