#include "stochflow/noise/tree.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>
#include <vector>

#include "solvers/noise/shapes.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/noise/area_tree.hpp"
#include "stochflow/noise/bridge_increments.hpp"
#include "stochflow/noise/tree_increments.hpp"
#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

using testing::same;

using Tree = BrownianTree<double>;
using TreeK = BrownianTree<double, SpaceTimeTimeIncrement>;

/// In place of normals: a unit vector for each, so that an increment becomes its coefficients over
/// all normals that went into it, and covariances are dot products without sampling.
struct UnitVectors {
  std::shared_ptr<std::map<std::uint64_t, Eigen::Index>> known =
      std::make_shared<std::map<std::uint64_t, Eigen::Index>>();
  std::shared_ptr<int> draws = std::make_shared<int>(0);

  Vector<double> operator()(std::uint64_t index, const Vector<double>& like) const {
    ++*draws;
    const auto next = static_cast<Eigen::Index>(known->size());
    const auto k = known->emplace(index, next).first->second;
    if (k >= like.size()) throw std::logic_error("UnitVectors: too few dimensions");
    return Eigen::VectorXd::Unit(like.size(), k).array();
  }
};
template <template <class> class Kind>
auto coefficient_tree(Eigen::Index normals, const UnitVectors& source = {}) {
  return BrownianTree<Vector<double>, Kind, UnitVectors>(
      source, 0, 2, Vector<double>::Zero(normals));
}

// Four adjacent intervals that cut nodes at every level: all of W, H (and K) are independent and of
// variance h, h/12 (and h/720).
TEST(BrownianTree, CovariancesAreExact) {
  const std::vector<std::int64_t> cuts{123456789, 222222223, 222222224, 700000001, Tree::ticks};
  const auto check = [&](auto tree, auto rows_of) {
    std::vector<Vector<double>> rows;
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      const double h = tree.length(cuts[k + 1] - cuts[k]);
      rows_of(tree.between(cuts[k], cuts[k + 1]), h, rows);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        EXPECT_NEAR((rows[i] * rows[j]).sum(), i == j ? 1 : 0, 1e-12) << i << ", " << j;
      }
    }
  };
  const auto with_H = [](const auto& dB, double h, auto& rows) {
    rows.push_back(dB.W / std::sqrt(h));
    rows.push_back(dB.H / std::sqrt(h / 12));
  };
  check(coefficient_tree<SpaceTimeIncrement>(400), with_H);
  check(coefficient_tree<SpaceTimeTimeIncrement>(600), [&](const auto& dB, double h, auto& rows) {
    with_H(dB, h, rows);
    rows.push_back(dB.K / std::sqrt(h / 720));
  });
}

// Given both ends the covariance of W_s and W_t is s (T - t)/T, on the tree and on a grid.
TEST(BrownianTree, BridgeCovarianceIsExact) {
  using V = Vector<double>;
  const UnitVectors source;
  BrownianTree<V, SpaceTimeIncrement, UnitVectors> free(source, 0, 2, V::Zero(200));
  // The root's W is the first normal; conditioning on it removes that coordinate.
  const auto bridged = [&](std::int64_t to) {
    V W = free.between(0, to).W;
    W[0] = 0;
    return W;
  };
  const std::int64_t s = 123456789, t = 654321987;
  const double ts = free.length(s), tt = free.length(t);
  EXPECT_NEAR((bridged(s) * bridged(s)).sum(), ts * (2 - ts) / 2, 1e-12);
  EXPECT_NEAR((bridged(s) * bridged(t)).sum(), ts * (2 - tt) / 2, 1e-12);

  const double end = 1.25;
  auto tree = Tree::ending_at(end, 3, 4, 0, 2);
  EXPECT_NEAR(tree.between(0, s).W + tree.between(s, Tree::ticks).W, end, 1e-14);
  // A shift of the end moves W in proportion to time, and H not at all.
  auto other = Tree::ending_at(end + 1, 3, 4, 0, 2);
  EXPECT_NEAR(other.between(s, t).W - tree.between(s, t).W, (tt - ts) / 2, 1e-14);
  EXPECT_NEAR(other.between(s, t).H, tree.between(s, t).H, 1e-14);
}

TEST(BridgeIncrements, CovarianceIsExact) {
  using V = Vector<double>;
  const std::vector<double> grid{0.5, 0.8, 1.0, 1.9, 2.5};
  std::vector<V> increments;
  for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
    increments.push_back(std::sqrt(grid[n + 1] - grid[n]) *
                         Eigen::VectorXd::Unit(5, static_cast<Eigen::Index>(n)).array());
  }
  const V end = Eigen::VectorXd::Unit(5, 4).array();  // the last coordinate stands for the end
  const BridgeIncrements path(PrescribedIncrements<V>(increments), grid, end);
  std::vector<V> W{V::Zero(5)};
  for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
    const Step step{static_cast<std::int64_t>(n), grid[n], grid[n + 1] - grid[n]};
    W.push_back(W.back() + path.increment(step).W);
  }
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double si = grid[i] - 0.5;
    EXPECT_NEAR(W[i][4], si / 2, 1e-15);
    for (std::size_t j = 0; j <= i; ++j) {
      const double sj = grid[j] - 0.5;
      EXPECT_NEAR((W[i] * W[j]).head(4).sum(), sj * (2 - si) / 2, 1e-14) << i << ", " << j;
    }
  }
  EXPECT_THROW(BridgeIncrements(FreshIncrements<double>(1, 1), std::vector<double>{1.0}, 0.0),
               std::invalid_argument);
  const auto uniform = uniform_grid(0, 1, 8);
  const BridgeIncrements scalar(FreshIncrements<double>(1, 1), uniform, 0.25);
  double sum = 0;
  for (int n = 0; n < 8; ++n) sum += scalar.space_time_increment({n, n / 8.0, 1 / 8.0}).W;
  EXPECT_NEAR(sum, 0.25, 1e-15);
  EXPECT_EQ(scalar.space_time_increment({3, 3 / 8.0, 1 / 8.0}).H,
            FreshIncrements<double>(1, 1).space_time_increment({3, 3 / 8.0, 1 / 8.0}).H);
}

// n steps forward compute each inner node at most twice.
TEST(BrownianTree, SteppingForwardCostsAConstantNumberOfNormals) {
  const UnitVectors source;
  auto tree = coefficient_tree<SpaceTimeIncrement>(600, source);
  const std::int64_t n = 256, size = Tree::ticks / n;
  *source.draws = 0;
  for (std::int64_t k = 0; k < n; ++k) tree.between(k * size, (k + 1) * size);
  EXPECT_LE(*source.draws, 2 * 2 * n);
}

TEST(BrownianTree, GoldenBits) {
  Tree tree(2026, 5, 0, 3);
  const auto dB = tree.between(123456789, 987654321);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(dB.W), 0x3fe32ea0d025faf4);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(dB.H), 0xbfa6c7eae0d34948);
}

TEST(BrownianTree, WithKIsTheSamePathInAnyOrder) {
  TreeK tree(1, 2, 0, 3);
  const std::int64_t cut = 314159265;
  const auto second = tree.between(cut, 987654321), first = tree.between(17, cut);
  const auto whole = TreeK(1, 2, 0, 3).between(17, 987654321);
  const auto merged = merge(first, tree.length(cut - 17), second, tree.length(987654321 - cut));
  EXPECT_NEAR(merged.W, whole.W, 1e-14);
  EXPECT_NEAR(merged.H, whole.H, 1e-14);
  EXPECT_NEAR(merged.K, whole.K, 1e-14);
}

using Pair = Vector<double, 2>;

/// The normals of nodes one by one, not for several levels at once.
struct OneByOne {
  StreamNormals stream;
  template <class V>
  V operator()(std::uint64_t index, const V& like) const {
    return stream(index, like);
  }
};
template <template <class> class Kind, class V>
void expect_levels_equal(const V& like) {
  BrownianTree<V, Kind> tree(4, 7, 0, 3, like);
  BrownianTree<V, Kind, OneByOne> plain({{4, Bridge<Kind>::purpose, 7}}, 0, 3, like);
  const RandomStream stream(1, Purpose::increments);
  std::int64_t at = 0;
  for (std::uint64_t k = 0; k < 2000; ++k) {
    // Forward in short and long steps, from time to time anywhere.
    const auto bits = stream.bits(0, k, 0);
    const std::int64_t step = 1 + (bits[0] >> (2 + bits[1] % 30));
    if (bits[2] % 8 == 0 || at + step > Tree::ticks) at = bits[3] >> 2;
    const std::int64_t to = std::min(at + step, Tree::ticks);
    if (at < to) {
      const auto a = tree.between(at, to), b = plain.between(at, to);
      ASSERT_TRUE(same(a.W, b.W) && same(a.H, b.H)) << at << " to " << to;
      at = to;
    }
  }
}
TEST(BrownianTree, LevelsDrawnTogetherAreThoseOneByOne) {
  expect_levels_equal<SpaceTimeIncrement>(1.0);
  expect_levels_equal<SpaceTimeTimeIncrement>(1.0);
  expect_levels_equal<SpaceTimeIncrement>(1.0f);
  expect_levels_equal<SpaceTimeIncrement>(Vector<double, 3>(0, 0, 0));
  expect_levels_equal<SpaceTimeTimeIncrement>(Vector<double>(Vector<double>::Zero(4)));
}

TEST(AreaTree, AreasOfPartsMakeTheWhole) {
  AreaTree<Pair> tree(1, 2, 0, 3, 10, Pair::Zero());
  const auto c = tree.cell();
  EXPECT_EQ(c, Tree::ticks >> 10);
  const auto second = tree.between(100 * c, 351 * c), first = tree.between(7 * c, 100 * c);
  AreaTree<Pair> again(1, 2, 0, 3, 10, Pair::Zero());
  const auto whole = again.between(7 * c, 351 * c), merged = merge(first, 93, second, 251);
  EXPECT_NEAR(merged.A(0, 1), whole.A(0, 1), 1e-14);
  EXPECT_EQ(whole.A(1, 0), -whole.A(0, 1));
  BrownianTree<Pair> plain(1, 2, 0, 3, Pair::Zero());
  EXPECT_TRUE((whole.W == plain.between(7 * c, 351 * c).W).all());
  EXPECT_EQ((AreaTree<double>(1, 2, 0, 3, 10).between(0, c).A), 0.0);
}

// E cos(2 y A / h) = 1/cosh(y), and the area given (W, H) of the whole is H W^T - W H^T on average:
// 4 statistics at 6 standard errors.
TEST(AreaTree, HasTheLawOfTheLevyArea) {
  const int n = 30000;
  double sum[4] = {}, squares[4] = {};
  double h = 0;
  for (int k = 0; k < n; ++k) {
    AreaTree<Pair> tree(9, static_cast<std::uint64_t>(k), 0, 2, 5, Pair::Zero());
    BrownianTree<Pair> plain(9, static_cast<std::uint64_t>(k), 0, 2, Pair::Zero());
    const auto from = 3 * tree.cell(), to = 20 * tree.cell();
    h = tree.length(to - from);
    const auto dB = plain.between(from, to);
    const double A = tree.between(from, to).A(0, 1);
    const double mean = dB.H[0] * dB.W[1] - dB.W[0] * dB.H[1];
    const double y[4] = {
        std::cos(2 * A / h), std::cos(5 * A / h), (A - mean) * mean, (A - mean) * (A - mean)};
    for (int j = 0; j < 4; ++j) sum[j] += y[j], squares[j] += y[j] * y[j];
  }
  const double expected[4] = {1 / std::cosh(1.0), 1 / std::cosh(2.5), 0, h * h / 12};
  for (int j = 0; j < 4; ++j) {
    const double mean = sum[j] / n, variance = squares[j] / n - mean * mean;
    EXPECT_LT(std::abs(mean - expected[j]), 6 * std::sqrt(variance / n)) << j;
  }
}

TEST(AreaTree, MisuseIsASentence) {
  EXPECT_THROW(AreaTree<Pair>(1, 2, 0, 3, 31, Pair::Zero()), std::invalid_argument);
  AreaTree<Pair> tree(1, 2, 0, 3, 10, Pair::Zero());
  EXPECT_THROW(tree.between(0, tree.cell() + 1), std::invalid_argument);
  EXPECT_THROW(tree.between(tree.cell(), tree.cell()), std::invalid_argument);
}

TEST(TreeIncrements, OneTreeServesEveryGrid) {
  const auto run = [](std::int64_t steps) {
    return solve(GeometricBrownianMotion{},
                 Milstein{},
                 1.0,
                 uniform_grid(0, 2, steps),
                 TreeIncrements(Tree(1, 7, 0, 2)))
        .x;
  };
  const GeometricBrownianMotion gbm;
  const double W = Tree(1, 7, 0, 2).between(0, Tree::ticks).W;
  const double exact = std::exp((gbm.mu - 0.5 * gbm.sigma * gbm.sigma) * 2 + gbm.sigma * W);
  EXPECT_NEAR(run(4096), exact, 2e-3 * exact);
  EXPECT_NEAR(run(3000), exact, 2e-3 * exact);  // not a power of two: times are rounded
  const TreeIncrements with_areas(AreaTree<Pair>(1, 7, 0, 2, 6, Pair::Zero()));
  const Step step{3, 3 / 32.0, 1 / 32.0};
  EXPECT_TRUE((with_areas.area_increment(step).W == with_areas.increment(step).W).all());
  const TreeIncrements with_K(TreeK(1, 7, 0, 2));
  EXPECT_EQ(with_K.space_time_time_increment(step).H, with_K.space_time_increment(step).H);
}

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
