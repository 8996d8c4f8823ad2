#pragma once

// The claimed orders, proved: every method of the catalogue on every proof problem with noise N on
// which it claims one. Deterministic: there is nothing to be unlucky with. One source file a noise
// structure, because each step is compiled for each problem.

#include <gtest/gtest.h>

#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/proofs.hpp"

namespace stochflow::verify {

template <Noise N>
void expect_claims_proved() {
  std::size_t rows = 0;
  for_each_type<Methods>([&](auto method) {
    for (const ProofRow& row : prove_all<N>(method)) {
      ++rows;
      EXPECT_TRUE(row.holds) << row.method << " on " << row.problem << " (" << row.calculus
                             << "): strong " << row.strong_proved << " of " << row.strong_claimed
                             << ", weak " << row.weak_proved << " of " << row.weak_claimed << "; "
                             << row.weakest;
    }
  });
  EXPECT_GT(rows, 0u);
}

}  // namespace stochflow::verify
