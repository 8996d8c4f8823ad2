#pragma once

// Ensembles in lanes against the same trajectories one by one: to the bit.

#include <gtest/gtest.h>

#include <cstddef>

#include "stochflow/ensemble/lanes.hpp"

namespace stochflow::testing {

inline void expect_equal(const EnsembleResult& a, const EnsembleResult& b) {
  EXPECT_EQ(a.times, b.times);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.trajectories, b.trajectories);
  EXPECT_EQ(a.failures, b.failures);
  ASSERT_EQ(a.first_failures.size(), b.first_failures.size());
  for (std::size_t k = 0; k < a.first_failures.size(); ++k) {
    EXPECT_EQ(a.first_failures[k].trajectory, b.first_failures[k].trajectory);
    EXPECT_EQ(a.first_failures[k].outcome.status, b.first_failures[k].outcome.status);
    EXPECT_EQ(a.first_failures[k].outcome.step, b.first_failures[k].outcome.step);
    EXPECT_EQ(a.first_failures[k].outcome.t, b.first_failures[k].outcome.t);
  }
  ASSERT_EQ(a.moments.size(), b.moments.size());
  for (std::size_t i = 0; i < a.moments.size(); ++i) {
    ASSERT_EQ(a.moments[i].size(), b.moments[i].size());
    for (std::size_t j = 0; j < a.moments[i].size(); ++j) {
      EXPECT_EQ(a.moments[i][j].count(), b.moments[i][j].count());
      EXPECT_EQ(a.moments[i][j].mean(), b.moments[i][j].mean());
      EXPECT_EQ(a.moments[i][j].variance(), b.moments[i][j].variance());
    }
  }
}

template <class P, class M, class X>
void expect_lanes_are_trajectories(const P& problem, const M& method, const X& x0) {
  // 300 trajectories: a full leaf, and one that does not fill its last pack.
  const EnsembleOptions options{
      .trajectories = 301, .seed = 6, .threads = 2, .save_at = {0.25, 1}, .keep_values = true};
  const auto grid = uniform_grid(0, 1, 20);
  expect_equal(simulate_lanes(problem, method, x0, grid, options),
               simulate(problem, method, x0, grid, options));
}

}  // namespace stochflow::testing
