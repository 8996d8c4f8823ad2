#include "stochflow/noise/ahead.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "solvers/noise/shapes.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"

namespace stochflow {
namespace {

using testing::for_each_shape;
using testing::same;

#if defined(__AVX2__) && defined(__FMA__)
/// In order, again, back and far ahead: always what FreshIncrements has, to the last bit.
template <class V>
void expect_fresh(const V& like, std::uint64_t trajectory) {
  const AheadIncrements<V> ahead(5, trajectory, like);
  const FreshIncrements<V> fresh(5, trajectory, like);
  std::vector<std::int64_t> steps;
  for (std::int64_t n = 0; n < 300; ++n) steps.push_back(n);
  for (const std::int64_t n : {299, 299, 17, 18, 1000000}) steps.push_back(n);
  // The generator changes its key at 2^32.
  for (std::int64_t n = -40; n < 40; ++n) steps.push_back((std::int64_t{1} << 32) + n);
  for (const std::int64_t n : steps) {
    const Step step{n, 0.1 * static_cast<double>(n), 0.1};
    const auto a = ahead.space_time_time_increment(step), b = fresh.space_time_time_increment(step);
    ASSERT_TRUE(same(a.W, b.W) && same(a.H, b.H) && same(a.K, b.K)) << "step " << n;
    ASSERT_TRUE(same(ahead.increment(step).W, b.W)) << "step " << n;
    const auto c = ahead.space_time_increment(step);
    ASSERT_TRUE(same(c.W, b.W) && same(c.H, b.H)) << "step " << n;
    ASSERT_TRUE(same(ahead.two_point_increment(step).W, fresh.two_point_increment(step).W));
  }
}

TEST(AheadIncrements, AreTheFreshOnes) {
  for (const std::uint64_t trajectory : {0ull, 1000ull, (1ull << 32) + 3}) {
    for_each_shape([&](const auto& like) { expect_fresh(like, trajectory); });
  }
}

TEST(AheadIncrements, DriveTrajectoriesOfDoubles) {
  const GeometricBrownianMotion problem;
  using Path = decltype(detail::path_in_order(problem, 1.0, 0.0, 1, 0));
  EXPECT_TRUE((std::is_same_v<Path, AheadIncrements<double>>));
}
#endif

}  // namespace
}  // namespace stochflow
