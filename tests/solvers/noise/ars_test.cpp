#include "stochflow/noise/ars.hpp"

#include <gtest/gtest.h>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

namespace stochflow {
namespace {

/// Bytes in the order of FIPS 197.
constexpr detail::Block block(const std::array<std::uint8_t, 16>& bytes) {
  detail::Block b{};
  for (std::size_t k = 0; k < 16; ++k) b[k / 8] |= std::uint64_t{bytes[k]} << (8 * (k % 8));
  return b;
}

// FIPS 197, appendix B: the first round of its example.
static_assert(detail::aes_round<true>(block({0x19,
                                             0x3d,
                                             0xe3,
                                             0xbe,
                                             0xa0,
                                             0xf4,
                                             0xe2,
                                             0x2b,
                                             0x9a,
                                             0xc6,
                                             0x8d,
                                             0x2a,
                                             0xe9,
                                             0xf8,
                                             0x48,
                                             0x08}),
                                      block({0xa0,
                                             0xfa,
                                             0xfe,
                                             0x17,
                                             0x88,
                                             0x54,
                                             0x2c,
                                             0xb1,
                                             0x23,
                                             0xa3,
                                             0x39,
                                             0x39,
                                             0x2a,
                                             0x6c,
                                             0x76,
                                             0x05})) == block({0xa4,
                                                               0x9c,
                                                               0x7f,
                                                               0xf2,
                                                               0x68,
                                                               0x9f,
                                                               0x35,
                                                               0x2b,
                                                               0x6b,
                                                               0x5b,
                                                               0xea,
                                                               0x43,
                                                               0x02,
                                                               0x6a,
                                                               0x50,
                                                               0x49}));

TEST(Ars, InstructionsGiveTheNumbersOfTheTable) {
  for (std::uint64_t k = 0; k < 100; ++k) {
    const detail::Block counter{k * 0x123456789ABCDEF, ~k}, key{k << 40, k + 7};
    EXPECT_EQ(Ars::encrypt<5>(counter, key), Ars::encrypt_by_table<5>(counter, key));
  }
}

template <class V, class P, class M, class X>
void expect_lanes_are_trajectories(const P& problem, const M& method, const X& x0) {
  const auto grid = uniform_grid(0, 1, 10);
  const auto lanes = simulate_lanes<Ars>(
      problem, method, x0, grid, {.trajectories = 70, .seed = 8, .keep_values = true});
  const auto philox = simulate_lanes(
      problem, method, x0, grid, {.trajectories = 70, .seed = 8, .keep_values = true});
  EXPECT_NE(lanes.values, philox.values);
  for (std::uint64_t k = 0; k < 70; ++k) {
    const FreshIncrements<V, MrongowiusRoesslerArea, Ars> path(8, k);
    const X alone = solve(problem, method, x0, grid, path).x;
    EXPECT_EQ(lanes.values[0][0][k], detail::elements(alone)[0]);
  }
}

TEST(Ars, LanesAreTheTrajectoriesOfItsPaths) {
  expect_lanes_are_trajectories<double>(OrnsteinUhlenbeck{}, EulerMaruyama{}, 1.0);
  expect_lanes_are_trajectories<double>(OrnsteinUhlenbeck{}, SimplifiedEuler{}, 1.0);
  expect_lanes_are_trajectories<Vector<double, 2>>(
      Heston{}, EulerMaruyama{}, Vector<double, 2>(0.0, 0.04));
}

// Mean, variance, kurtosis of 4e5 normals, and the correlation of neighbouring trajectories.
TEST(Ars, MakesNormals) {
  const BasicRandomStream<Ars> stream(3, Purpose::increments);
  double sum = 0, squares = 0, fourth = 0, neighbours = 0, last = 0;
  const int n = 200000;
  for (std::uint64_t k = 0; k < n; ++k) {
    const auto [w1, w2] = stream.words(k, std::uint64_t{5}, 0);
    const auto z = normal_pair(w1, w2);
    for (const double v : z) {
      sum += v;
      squares += v * v;
      fourth += v * v * v * v;
    }
    neighbours += last * z[0];
    last = z[0];
  }
  EXPECT_LT(std::abs(sum) / std::sqrt(2.0 * n), 6);
  EXPECT_LT(std::abs(squares - 2.0 * n) / std::sqrt(2 * 2.0 * n), 6);
  EXPECT_LT(std::abs(fourth - 3 * 2.0 * n) / std::sqrt(96 * 2.0 * n), 6);
  EXPECT_LT(std::abs(neighbours) / std::sqrt(n), 6);
}

TEST(Ars, RunsInSinglePrecision) {
  const OrnsteinUhlenbeck problem;
  const auto run = simulate_lanes<Ars>(
      problem, EulerMaruyama{}, 1.0f, uniform_grid(0, 1, 64), {.trajectories = 50000, .seed = 5});
  const Moments& end = run.moments[0][0];
  const double mean = problem.mu + (1 - problem.mu) * std::pow(1 - problem.theta / 64, 64);
  EXPECT_LT(std::abs(end.mean() - mean), 6 * end.mean_standard_error());
}

}  // namespace
}  // namespace stochflow
