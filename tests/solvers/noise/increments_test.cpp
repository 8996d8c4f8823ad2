#include "stochflow/noise/increments.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <span>
#include <vector>

#include "stochflow/solve.hpp"

namespace stochflow {
namespace {

TEST(FreshIncrements, IsAPureFunctionOfItsCoordinates) {
  const FreshIncrements<double> path(1, 2);
  const double third = path.increment({3, 0.3, 0.1}).W;
  EXPECT_EQ(path.increment({0, 0.0, 0.1}).W,
            FreshIncrements<double>(1, 2).increment({0, 0, 0.1}).W);
  EXPECT_EQ(path.increment({3, 0.3, 0.1}).W, third);
  EXPECT_NE((FreshIncrements<double>(1, 3).increment({3, 0.3, 0.1}).W), third);
  EXPECT_NE((FreshIncrements<double>(2, 2).increment({3, 0.3, 0.1}).W), third);
  EXPECT_NE(path.increment({4, 0.3, 0.1}).W, third);
}

TEST(FreshIncrements, VarianceIsTheStep) {
  const int n = 200000;
  double sum = 0;
  for (int k = 0; k < n; ++k) {
    const double W =
        FreshIncrements<double>(9, static_cast<std::uint64_t>(k)).increment({0, 0, 0.25}).W;
    sum += W * W / 0.25;
  }
  EXPECT_LT(std::abs(sum - n) / std::sqrt(2.0 * n), 5.5);
}

/// Where the normals of 16 steps come from, as lane, draw and place; each once.
template <std::size_t capacity>
std::set<std::uint64_t> places_of_normals(std::size_t components) {
  const auto normals_of = [](std::uint64_t draw, std::size_t lane) {
    std::array<std::uint64_t, capacity> normals{};
    for (std::size_t j = 0; j < capacity; ++j) normals[j] = (lane * 16 + draw) * capacity + j;
    return normals;
  };
  std::set<std::uint64_t> found;
  std::vector<std::uint64_t> step(components);
  for (std::uint64_t n = 0; n < 16; ++n) {
    fill_step_normals(normals_of, n, std::span(step));
    found.insert(step.begin(), step.end());
  }
  return found;
}

TEST(StepNormals, TakeEachNormalOnceAndLeaveNoneOut) {
  for (std::size_t components = 1; components < 12; ++components) {
    EXPECT_EQ(places_of_normals<2>(components).size(), 16 * components);
    EXPECT_EQ(places_of_normals<4>(components).size(), 16 * components);
  }
  // Three components in draws of four: the twelve draws whose number is 0, 1 or 2 modulo 4.
  std::set<std::uint64_t> expected;
  for (std::uint64_t place = 0; place < 64; ++place) {
    if (place / 4 % 4 != 3) expected.insert(place);
  }
  EXPECT_EQ(places_of_normals<4>(3), expected);
}

TEST(Coarsened, IsTheExactSumOfTheFinePath) {
  const FreshIncrements<double> fine(7, 1);
  const Coarsened coarse(fine, 4);
  double sum = 0;
  for (int j = 8; j < 12; ++j) sum += fine.increment({j, 0, 0.25}).W;
  EXPECT_EQ(coarse.increment({2, 0, 1.0}).W, sum);
  EXPECT_THROW(Coarsened(fine, 0), std::invalid_argument);
}

// Merging (W, H) of two intervals of lengths h1, h2: covariances exact over basis coefficients.
TEST(SpaceTimeIncrement, MergeHasTheLawOfOneInterval) {
  const double h1 = 0.2, h2 = 0.5, h = h1 + h2;
  using V = Eigen::Array<double, 4, 1>;
  const auto unit_of = [](int k) { return V(Eigen::Vector4d::Unit(k).array()); };
  const SpaceTimeIncrement<V> a{V(std::sqrt(h1) * unit_of(0)), V(std::sqrt(h1 / 12) * unit_of(1))};
  const SpaceTimeIncrement<V> b{V(std::sqrt(h2) * unit_of(2)), V(std::sqrt(h2 / 12) * unit_of(3))};
  const auto whole = merge(a, h1, b, h2);
  EXPECT_NEAR((whole.W * whole.W).sum(), h, 1e-15);
  EXPECT_NEAR((whole.H * whole.H).sum(), h / 12, 1e-15);
  EXPECT_NEAR((whole.W * whole.H).sum(), 0, 1e-15);
  // Int_0^h W_s ds of the parts: h1 (W1/2 + H1) + h2 (W1 + W2/2 + H2).
  const V direct = h1 * (0.5 * a.W + a.H) + h2 * (a.W + 0.5 * b.W + b.H);
  EXPECT_LT((h * (0.5 * whole.W + whole.H) - direct).abs().maxCoeff(), 1e-15);
}

// The same for (W, H, K), and K of a path of straight pieces by direct integration.
TEST(SpaceTimeTimeIncrement, MergeHasTheLawOfOneInterval) {
  using V = Eigen::Array<double, 9, 1>;
  const auto unit_of = [](int k) { return V(Eigen::Matrix<double, 9, 1>::Unit(k).array()); };
  const auto interval = [&](double h, int k) {
    return SpaceTimeTimeIncrement<V>{V(std::sqrt(h) * unit_of(k)),
                                     V(std::sqrt(h / 12) * unit_of(k + 1)),
                                     V(std::sqrt(h / 720) * unit_of(k + 2))};
  };
  const double h1 = 0.2, h2 = 0.5, h3 = 0.1, h = h1 + h2 + h3;
  const auto a = interval(h1, 0), b = interval(h2, 3), c = interval(h3, 6);
  const auto whole = merge(merge(a, h1, b, h2), h1 + h2, c, h3);
  const auto other = merge(a, h1, merge(b, h2, c, h3), h2 + h3);
  EXPECT_LT((whole.H - other.H).abs().maxCoeff(), 1e-16);
  EXPECT_LT((whole.K - other.K).abs().maxCoeff(), 1e-16);
  EXPECT_NEAR((whole.W * whole.W).sum(), h, 1e-15);
  EXPECT_NEAR((whole.H * whole.H).sum(), h / 12, 1e-15);
  EXPECT_NEAR((whole.K * whole.K).sum(), h / 720, 1e-15);
  EXPECT_NEAR((whole.W * whole.H).sum(), 0, 1e-15);
  EXPECT_NEAR((whole.W * whole.K).sum(), 0, 1e-15);
  EXPECT_NEAR((whole.H * whole.K).sum(), 0, 1e-15);
}

TEST(SpaceTimeTimeIncrement, MergeOfStraightPieces) {
  const double h1 = 0.3, h2 = 0.5, h = h1 + h2, W1 = 0.7, W2 = -1.1;
  const auto whole = merge(
      SpaceTimeTimeIncrement<double>{W1, 0, 0}, h1, SpaceTimeTimeIncrement<double>{W2, 0, 0}, h2);
  const auto deviation = [&](double s) {
    const double W = s < h1 ? s / h1 * W1 : W1 + (s - h1) / h2 * W2;
    return W - s / h * (W1 + W2);
  };
  // Simpson's rule on each piece: exact, the integrands are of degree 1 and 2.
  const auto integral = [&](const auto& y) {
    const double m = h1 / 2, n = h1 + h2 / 2;
    return h1 / 6 * (y(0.0) + 4 * y(m) + y(h1)) + h2 / 6 * (y(h1) + 4 * y(n) + y(h));
  };
  EXPECT_NEAR(whole.H, integral(deviation) / h, 1e-15);
  const auto moment = [&](double s) { return deviation(s) * (h / 2 - s); };
  EXPECT_NEAR(whole.K, integral(moment) / (h * h), 1e-15);
}

TEST(Coarsened, SpaceTimeAreaDoesNotDependOnTheOrderOfMerging) {
  const FreshIncrements<double> fine(7, 1);
  const auto at_once = Coarsened(fine, 4).space_time_increment({1, 0, 1.0});
  const auto in_pairs = Coarsened(Coarsened(fine, 2), 2).space_time_increment({1, 0, 1.0});
  EXPECT_NEAR(at_once.W, in_pairs.W, 1e-15);
  EXPECT_NEAR(at_once.H, in_pairs.H, 1e-15);
}

TEST(PrescribedIncrements, SaysWhenItRunsOut) {
  const PrescribedIncrements<double> path({0.1, -0.2});
  EXPECT_EQ(path.increment({1, 0, 1}).W, -0.2);
  try {
    path.increment({2, 0, 1});
    FAIL() << "step 2 of two increments was served";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("only 2 increments"), std::string::npos);
  }
}

// The law of the bridge without sampling: increments are written as vectors of coefficients over
// independent standard normals, so that covariances are dot products, exact to rounding.
using Coefficients = Eigen::Array<double, 4, 1>;
Coefficients unit(int k) { return Eigen::Vector4d::Unit(k).array(); }
struct BasisPath {
  using value_type = Coefficients;
  Coefficients bridge_normals(const Step&, int ordinal) const { return unit(1 + ordinal); }
};

TEST(StepBridge, CovarianceIsTheBrownianMotions) {
  const BasisPath path;
  const Step step{0, 0.5, 0.8};
  const Increment<Coefficients> whole{std::sqrt(step.h) * unit(0)};
  detail::StepBridge<Coefficients, BasisPath> bridge(path, step, whole);
  const std::array<double, 4> s{0.1, 0.35, 0.7, step.h};
  const std::array<Coefficients, 4> W{
      bridge.to(s[0]).W, bridge.to(s[1]).W, bridge.to(s[2]).W, whole.W};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_NEAR((W[i] * W[j]).sum(), std::min(s[i], s[j]), 1e-15) << i << ", " << j;
    }
  }
}

}  // namespace
}  // namespace stochflow
