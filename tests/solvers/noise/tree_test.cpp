#include "stochflow/noise/tree.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stochflow {
namespace {

using Tree = BrownianTree<double>;

TEST(BrownianTree, AnswersDoNotDependOnTheOrderOfQueries) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> queries{
      {0, Tree::ticks}, {5, 6}, {1000, 123456789}, {Tree::ticks - 3, Tree::ticks}, {4096, 8192}};
  Tree forwards(1, 2, 0, 3);
  for (const auto& [from, to] : queries) {
    const auto known = Tree(1, 2, 0, 3).between(from, to);
    EXPECT_EQ(forwards.between(from, to).W, known.W);
    EXPECT_EQ(forwards.between(from, to).H, known.H);
  }
  EXPECT_NE(Tree(1, 3, 0, 3).between(0, 5).W, Tree(1, 2, 0, 3).between(0, 5).W);
}

TEST(BrownianTree, PartsMergeIntoTheWhole) {
  Tree tree(4, 0, 0, 1);
  const std::int64_t cut = 314159265;
  const auto first = tree.between(17, cut), second = tree.between(cut, 987654321);
  const auto merged = merge(first, tree.length(cut - 17), second, tree.length(987654321 - cut));
  const auto whole = tree.between(17, 987654321);
  EXPECT_NEAR(merged.W, whole.W, 1e-14);
  EXPECT_NEAR(merged.H, whole.H, 1e-14);
}

// Variances and covariances of (W, H) on two adjacent intervals that cut nodes at every level:
// W/sqrt(h) and H/sqrt(h/12) are four independent standard normals. 10 statistics at 5.5 standard
// errors over 20,000 paths.
TEST(BrownianTree, HasTheLawOfBrownianMotion) {
  const std::int64_t a = 123456789, b = 222222223, c = 700000001;
  const int n = 20000;
  Eigen::Matrix4d sum = Eigen::Matrix4d::Zero();
  for (int k = 0; k < n; ++k) {
    Tree tree(7, static_cast<std::uint64_t>(k), 0, 2);
    const auto left = tree.between(a, b), right = tree.between(b, c);
    const double h1 = tree.length(b - a), h2 = tree.length(c - b);
    const Eigen::Vector4d z(left.W / std::sqrt(h1),
                            left.H / std::sqrt(h1 / 12),
                            right.W / std::sqrt(h2),
                            right.H / std::sqrt(h2 / 12));
    sum += z * z.transpose();
  }
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j <= i; ++j) {
      const double expected = i == j ? n : 0, spread = std::sqrt(n * (i == j ? 2.0 : 1.0));
      EXPECT_LT(std::abs(sum(i, j) - expected) / spread, 5.5) << i << ", " << j;
    }
  }
}

TEST(BrownianTree, ComponentsAreIndependentPaths) {
  const Vector<double, 3> like = Vector<double, 3>::Zero();
  BrownianTree<Vector<double, 3>> tree(1, 2, 0, 1, like);
  const auto all = tree.between(10, 1000);
  EXPECT_EQ(all.W[0], Tree(1, 2, 0, 1).between(10, 1000).W);
  EXPECT_NE(all.W[0], all.W[1]);
  EXPECT_NE(all.W[1], all.W[2]);
}

TEST(BrownianTree, MisuseIsASentence) {
  EXPECT_THROW(Tree(1, 1, 1, 1), std::invalid_argument);
  Tree tree(1, 1, 0, 1);
  EXPECT_THROW(tree.between(5, 5), std::invalid_argument);
  EXPECT_THROW(tree.between(-1, 5), std::invalid_argument);
  EXPECT_THROW(tree.between(0, Tree::ticks + 1), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
