#pragma once

// The claimed orders, measured: every method of the catalogue on every test problem with noise N on
// which it claims one. Each interval is at 1 - 1e-7; with two hundred of them a false alarm has
// probability 2e-5. One source file a noise structure, because all together take minutes to
// compile.

#include <gtest/gtest.h>

#include "stochflow/verify/catalogue.hpp"
#include "stochflow/verify/convergence.hpp"

namespace stochflow::verify {

template <Noise N>
void expect_no_claim_contradicted() {
  constexpr ConvergenceOptions options{.paths = 16384, .confidence = 1 - 1e-7};
  int rows = 0;
  for_each_type<Methods>([&](auto method) {
    for_each_type<TestProblems>([&](auto problem) {
      using P = decltype(problem);
      if constexpr (P::noise == N) {
        if constexpr (applies<P, decltype(method)>) {
          const auto row = measure(problem, method, options);
          ++rows;
          SCOPED_TRACE(row.method + " on " + row.problem + " (" + row.calculus + ")");
          EXPECT_TRUE(row.strong.resolved || row.strong_claimed == 0);
          EXPECT_FALSE(row.contradicts_claim())
              << "strong " << row.strong.order << " [" << row.strong.low << ", " << row.strong.high
              << "], weak " << row.weak.order << " [" << row.weak.low << ", " << row.weak.high
              << "]";
        }
      }
    });
  });
  EXPECT_GT(rows, 0);
}

}  // namespace stochflow::verify
