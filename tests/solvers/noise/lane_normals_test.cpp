#include "stochflow/noise/lane_normals.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "solvers/noise/shapes.hpp"
#include "stochflow/noise/increments.hpp"

namespace stochflow {
namespace {

using testing::for_each_shape;
using testing::same;

/// Every kind of increment in lanes is that of the trajectories one by one, to the last bit.
template <class V>
void expect_lanes_equal(const V& one, std::uint64_t first) {
  const FreshIncrements<InLanesOf<V>> many(5, first, to_lanes(one));
  for (std::int64_t n = 0; n < 300; ++n) {
    const Step step{n, 0.1 * static_cast<double>(n), 0.1};
    const auto dB = many.space_time_time_increment(step);
    const auto two = many.two_point_increment(step);
    const auto three = many.three_point_increment(step);
    for (int l = 0; l < Pack<NumberOf<V>>::lanes; ++l) {
      const FreshIncrements<V> alone(5, first + static_cast<std::uint64_t>(l), one);
      const auto b = alone.space_time_time_increment(step);
      ASSERT_TRUE(same(lane(dB.W, l), b.W)) << "step " << n << ", lane " << l;
      ASSERT_TRUE(same(lane(dB.H, l), b.H)) << "step " << n << ", lane " << l;
      ASSERT_TRUE(same(lane(dB.K, l), b.K)) << "step " << n << ", lane " << l;
      ASSERT_TRUE(same(lane(two.W, l), alone.two_point_increment(step).W)) << "step " << n;
      const auto b3 = alone.three_point_increment(step);
      ASSERT_TRUE(same(lane(three.W, l), b3.W)) << "step " << n << ", lane " << l;
      ASSERT_TRUE(same(lane(three.e, l), b3.e)) << "step " << n << ", lane " << l;
    }
  }
}

TEST(LaneNormals, AreTheScalarOnes) {
  // The last start makes the lanes cross 2^32.
  for (const std::uint64_t first : {0ull, 1000ull, (1ull << 32) - 1}) {
    for_each_shape([&](const auto& like) { expect_lanes_equal(like, first); });
  }
}

TEST(FloatNormals, AreCloseToTheExactMap) {
  const RandomStream stream(3, Purpose::increments);
  for (std::uint64_t k = 0; k < 20000; ++k) {
    const auto b = stream.bits(k, 0, 0);
    const double radius = std::sqrt(-2 * std::log((b[0] + 0.5) * 0x1p-32));
    const double angle = 2 * 3.14159265358979323846 * b[1] * 0x1p-32;
    const auto pair = float_normal_pair(b[0], b[1]);
    // Near u = 1 the uniform itself is rounded to 24 bits, which sqrt(-2 log u) magnifies.
    const double near_one = 0x1p-24 / std::max(radius, 0x1p-12);
    EXPECT_NEAR(pair[0], radius * std::cos(angle), 2e-6 + near_one);
    EXPECT_NEAR(pair[1], radius * std::sin(angle), 2e-6 + near_one);
  }
}

TEST(FloatNormals, HaveTheMomentsOfNormals) {
  const FreshIncrements<Vector<float>> path(8, 0, Vector<float>(Vector<float>::Zero(400000)));
  const auto W = path.increment({0, 0, 1}).W.cast<double>().eval();
  const double root = std::sqrt(static_cast<double>(W.size()));
  EXPECT_LT(std::abs(W.mean()) * root, 6);
  EXPECT_LT(std::abs(W.square().mean() - 1) * root, 6 * std::sqrt(2.0));
  EXPECT_LT(std::abs(W.cube().mean()) * root, 6 * std::sqrt(15.0));
  EXPECT_LT(std::abs(W.square().square().mean() - 3) * root, 6 * std::sqrt(96.0));
  // The four normals of a draw are independent of each other.
  for (Eigen::Index lag = 1; lag < 4; ++lag) {
    const auto n = W.size() - lag;
    EXPECT_LT(std::abs((W.head(n) * W.tail(n)).mean()) * root, 6);
  }
}

TEST(LaneNormals, UniformsAreTheScalarOnes) {
  for (const std::uint64_t word : {0ull, 1ull, 0x7FFull, 0x800ull, 0xFFFull, ~0ull, 1ull << 63}) {
    EXPECT_EQ(uniform_open(WordPack(word))[0], uniform_open(word));
    EXPECT_EQ(uniform_half_open(WordPack(word))[0], uniform_half_open(word));
  }
}

TEST(SharedDraws, NeighbouringStepsHaveVariablesOfTheirOwn) {
  // Steps that share the bits of a draw must still be independent: no two alike, none correlated.
  const FreshIncrements<double> path(9, 3);
  constexpr int n = 100000;
  double normal_lag = 0, sign_lag = 0, three_lag = 0, three_square = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const Step a{k, 0, 1}, b{k + 1, 0, 1};
    normal_lag += path.increment(a).W * path.increment(b).W;
    sign_lag += path.two_point_increment(a).W * path.two_point_increment(b).W;
    const auto v = path.three_point_increment(a);
    three_lag += v.W * path.three_point_increment(b).W;
    three_square += v.W * v.W;
  }
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_LT(std::abs(normal_lag), 6 * root);
  EXPECT_LT(std::abs(sign_lag), 6 * root);
  EXPECT_LT(std::abs(three_lag), 6 * root);
  EXPECT_LT(std::abs(three_square - n), 6 * std::sqrt(2.0) * root);
}

}  // namespace
}  // namespace stochflow
