#include "stochflow/ensemble/reduction.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace stochflow {
namespace {

/// Writes down how it was merged: the whole shape of the reduction in a string.
struct Shape {
  std::string text;
  void merge(const Shape& next) {
    text = text.empty() ? next.text : "(" + text + " " + next.text + ")";
  }
};

LeafRange<Shape> leaves(std::int64_t first, std::int64_t last) {
  LeafRange<Shape> range(first);
  for (std::int64_t k = first; k < last; ++k) range.add({std::to_string(k)});
  return range;
}

TEST(LeafRange, MergesAlongTheAlignedTree) {
  EXPECT_EQ(leaves(0, 4).total().text, "((0 1) (2 3))");
  EXPECT_EQ(leaves(0, 7).total().text, "((((0 1) (2 3)) (4 5)) 6)");
  EXPECT_EQ(leaves(0, 0).total().text, "");
}

TEST(LeafRange, HasTheSameShapeForEveryPartition) {
  for (std::int64_t n = 1; n <= 40; ++n) {
    const std::string whole = leaves(0, n).total().text;
    for (std::int64_t a = 0; a <= n; ++a) {
      for (std::int64_t b = a; b <= n; b += 3) {
        auto range = leaves(0, a);
        range.append(leaves(a, b));
        range.append(leaves(b, n));
        ASSERT_EQ(range.total().text, whole) << n << " leaves cut at " << a << " and " << b;
        // Ranges that were combined with their right neighbours first, or travelled as nodes.
        auto right = leaves(a, b);
        right.append(leaves(b, n));
        auto left = leaves(0, a);
        left.append(LeafRange<Shape>(right.first(), right.nodes()));
        ASSERT_EQ(left.total().text, whole);
      }
    }
  }
}

TEST(LeafRange, KeepsFewNodes) {
  EXPECT_EQ(leaves(0, 1024).nodes().size(), 1u);
  EXPECT_LE(leaves(1, 1023).nodes().size(), 18u);
}

TEST(LeafRange, RefusesGaps) {
  auto range = leaves(0, 4);
  EXPECT_THROW(range.append(leaves(5, 6)), std::invalid_argument);
}

TEST(ReduceLeaves, IsTheSameForAnyNumberOfThreads) {
  const auto shape = [](int threads) {
    std::int64_t seen = 0;
    const auto range = reduce_leaves<Shape>(
        0,
        500,
        threads,
        [](std::int64_t k) { return Shape{std::to_string(k)}; },
        [&](const LeafRange<Shape>& joined) {
          EXPECT_GT(joined.last(), seen);
          seen = joined.last();
        });
    EXPECT_EQ(seen, 500);
    return range.total().text;
  };
  const std::string one = shape(1);
  EXPECT_EQ(one, leaves(0, 500).total().text);
  for (const int threads : {2, 3, 7}) EXPECT_EQ(shape(threads), one);
}

TEST(ReduceLeaves, PassesExceptionsOn) {
  EXPECT_THROW(reduce_leaves<Shape>(
                   0,
                   100,
                   3,
                   [](std::int64_t k) -> Shape {
                     if (k == 41) throw std::runtime_error("leaf 41");
                     return {};
                   },
                   [](const auto&) {}),
               std::runtime_error);
}

}  // namespace
}  // namespace stochflow
