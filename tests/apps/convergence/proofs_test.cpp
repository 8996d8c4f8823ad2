// The claimed orders, proved: every method of the catalogue on every proof problem with a noise
// structure on which it claims one. Deterministic: there is nothing to be unlucky with. On the
// program's own rows, which are minutes of compiling already.

#include "convergence/proofs.hpp"

#include <gtest/gtest.h>

namespace stochflow::apps {
namespace {

void expect_claims_proved(const std::vector<MethodProofs>& list) {
  EXPECT_FALSE(list.empty());
  for (const MethodProofs& proofs : list) {
    const auto rows = proofs.rows();
    EXPECT_FALSE(rows.empty()) << proofs.method;
    for (const verify::ProofRow& row : rows) {
      EXPECT_TRUE(row.holds) << row.method << " on " << row.problem << " (" << row.calculus
                             << "): strong " << row.strong_proved << " of " << row.strong_claimed
                             << ", weak " << row.weak_proved << " of " << row.weak_claimed << "; "
                             << row.weakest;
    }
  }
}

TEST(Proofs, AdditiveNoise) { expect_claims_proved(additive_proofs()); }
TEST(Proofs, ScalarNoise) { expect_claims_proved(scalar_proofs()); }
TEST(Proofs, DiagonalNoise) { expect_claims_proved(diagonal_proofs()); }
TEST(Proofs, CommutativeNoise) { expect_claims_proved(commutative_proofs()); }
TEST(Proofs, GeneralNoise) { expect_claims_proved(general_proofs()); }

}  // namespace
}  // namespace stochflow::apps
