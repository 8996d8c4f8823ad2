#include "stochflow/ode/explicit_pairs.hpp"

#include <gtest/gtest.h>

#include "stochflow/verify/rooted_trees.hpp"

namespace stochflow {
namespace {

using verify::order_violation;

TEST(RootedTrees, AreAsManyAsButcherCounted) {
  const auto trees = verify::rooted_trees(tsitouras_pair.a, 8);
  std::array<int, 9> count{};
  for (const auto& tree : trees) ++count[static_cast<std::size_t>(tree.nodes)];
  EXPECT_EQ(count, (std::array<int, 9>{0, 1, 1, 2, 4, 9, 20, 48, 115}));
}

template <class Pair>
void expect_order(const Pair& pair, const auto& subtract, int order, double tolerance) {
  auto weights = pair.b();
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] -= subtract[i];
  EXPECT_LT(order_violation(pair.a, weights, order), tolerance);
  EXPECT_GT(order_violation(pair.a, weights, order + 1), 1e-5);  // and no more
}

template <class Pair>
void expect_nodes(const Pair& pair) {
  for (std::size_t i = 0; i < Pair::stages; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < i; ++j) sum += pair.a[i][j];
    EXPECT_NEAR(sum, pair.c[i], 2e-14) << i;
  }
}

TEST(Tsit5, HasItsOrders) {
  expect_nodes(tsitouras_pair);
  expect_order(tsitouras_pair, std::array<double, 7>{}, 5, 2e-14);
  expect_order(tsitouras_pair, tsitouras_pair.e, 4, 2e-14);
  const auto at_end = tsitouras_weights(1);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(at_end[i], tsitouras_pair.b()[i], 1e-13);
  for (const double theta : {0.1, 0.37, 0.5, 0.93}) {
    EXPECT_LT(order_violation(tsitouras_pair.a, tsitouras_weights(theta), 4, theta), 1e-13);
  }
}

TEST(BogackiShampine32, HasItsOrders) {
  expect_nodes(bogacki_shampine_pair);
  expect_order(bogacki_shampine_pair, std::array<double, 4>{}, 3, 1e-15);
  expect_order(bogacki_shampine_pair, bogacki_shampine_pair.e, 2, 1e-15);
}

TEST(Dopri5, HasItsOrders) {
  const auto& pair = dormand_prince_54;
  expect_nodes(pair);
  expect_order(pair, std::array<double, 7>{}, 5, 2e-14);
  expect_order(pair, pair.e, 4, 2e-14);
  const auto at_end = dormand_prince_weights(1);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(at_end[i], pair.b()[i], 1e-15);
  for (const double theta : {0.1, 0.37, 0.5, 0.93}) {
    EXPECT_LT(order_violation(pair.a, dormand_prince_weights(theta), 4, theta), 1e-13);
  }
}

TEST(Dop853, HasItsOrders) {
  expect_nodes(dormand_prince_853);
  const auto& pair = dormand_prince_853;
  EXPECT_LT(order_violation(pair.a, pair.b(), 8), 1e-14);
  EXPECT_GT(order_violation(pair.a, pair.b(), 9), 1e-8);
  expect_order(pair, pair.e, 5, 1e-14);
  expect_order(pair, pair.e_low, 3, 1e-14);
}

// A wrong digit is seen.
TEST(OrderViolation, SeesOneChangedCoefficient) {
  for (std::size_t i = 1; i < 13; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      auto a = dormand_prince_853.a;
      if (a[i][j] == 0) continue;
      a[i][j] += 1e-9;
      EXPECT_GT(order_violation(a, a[12], 8), 1e-13) << i << ", " << j;
    }
  }
}

}  // namespace
}  // namespace stochflow
