#include "stochflow/diffusion/metrics/feature_sets.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

at::Tensor gaussians(std::int64_t n, std::int64_t F, std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::increments);
  return normals(stream, sample_range(0, n), 0, at::empty({n, F}, at::kDouble));
}

/// n rows whose mean and covariance are exactly those asked for.
at::Tensor with_moments(std::int64_t n, const at::Tensor& mean, const at::Tensor& factor) {
  const at::Tensor x = gaussians(n, mean.size(0), 1), centred = x - x.mean(0);
  const at::Tensor C = centred.t().matmul(centred) / static_cast<double>(n - 1);
  const at::Tensor white = at::linalg_solve(at::linalg_cholesky(C), centred.t()).t();
  return white.matmul(factor.t()) + mean;
}

// For commuting covariances the distance is that of the means and of the standard deviations.
TEST(FrechetDistance, IsWassersteinsBetweenGaussians) {
  const at::Tensor m = doubles({0.5, -1, 2}, {3}), n = doubles({0, 1, 2.5}, {3});
  const at::Tensor s = doubles({1, 0.2, 3}, {3}), t = doubles({0.5, 2, 0}, {3});  // one is singular
  const at::Tensor turn = std::get<0>(at::linalg_qr(gaussians(3, 3, 2)));
  const at::Tensor a = with_moments(50, m, turn.matmul(s.diag()));
  const at::Tensor b = with_moments(80, n, turn.matmul(t.diag()));
  const double expected = ((m - n).square().sum() + (s - t).square().sum()).item<double>();
  EXPECT_NEAR(frechet_distance(a, b), expected, 1e-6);
  EXPECT_NEAR(frechet_distance(b, a), expected, 1e-6);
  EXPECT_NEAR(frechet_distance(a, a), 0, 1e-9);
}

// (C E)^(1/2) for covariances that do not commute, in closed form for 2 x 2: the trace of the root
// of a matrix with eigenvalues p and q is sqrt(p) + sqrt(q) = sqrt(tr + 2 sqrt(det)).
TEST(FrechetDistance, TakesTheRootOfTheProduct) {
  const at::Tensor zero = at::zeros({2}, at::kDouble);
  const at::Tensor f = doubles({1, 0, 0.8, 0.6}, {2, 2}), g = doubles({2, 0, -1, 0.5}, {2, 2});
  const at::Tensor C = f.matmul(f.t()), E = g.matmul(g.t()), CE = C.matmul(E);
  const double trace = CE.diagonal().sum().item<double>(), det = at::linalg_det(CE).item<double>();
  const double expected = (C.diagonal().sum() + E.diagonal().sum()).item<double>() -
                          2 * std::sqrt(trace + 2 * std::sqrt(det));
  EXPECT_NEAR(
      frechet_distance(with_moments(30, zero, f), with_moments(40, zero, g)), expected, 1e-9);
  EXPECT_THROW(frechet_distance(f, at::zeros({3, 3})), std::invalid_argument);
}

TEST(KernelDistance, IsUnbiasedAndSeesADifference) {
  // Sets of one law: the mean over many small sets is 0. With pairs of a sample and itself it would
  // be far from it.
  double sum = 0, squares = 0;
  constexpr int sets = 400;
  for (int k = 0; k < sets; ++k) {
    const auto seed = static_cast<std::uint64_t>(2 * k);
    const double d = kernel_distance(gaussians(10, 4, 100 + seed), gaussians(12, 4, 101 + seed));
    sum += d / sets;
    squares += d * d / sets;
  }
  EXPECT_LT(std::abs(sum), 5.5 * std::sqrt(squares / sets));
  EXPECT_LT(std::sqrt(squares / sets), 0.1);
  // Points 0 and x against points 0 and 0, by hand for F = 1: k(u, v) = (u v + 1)^3.
  const at::Tensor a = doubles({0, 2}, {2, 1}), b = doubles({0, 0}, {2, 1});
  EXPECT_NEAR(kernel_distance(a, b), 1 + 1 - 2 * 1, 1e-12);
  EXPECT_NEAR(kernel_distance(a + 1, b + 1), 64 + 8 - 2 * 0.5 * (8 + 64), 1e-12);
  EXPECT_GT(kernel_distance(gaussians(50, 4, 1) + 1, gaussians(50, 4, 2)), 1);
}

TEST(PrecisionRecall, TellsMissingModesFromStrangeSamples) {
  const at::Tensor left = gaussians(200, 2, 1), right = gaussians(200, 2, 2) + 30;
  const at::Tensor both = at::cat({left, right});
  const at::Tensor again = at::cat({gaussians(200, 2, 3), gaussians(200, 2, 4) + 30});
  const PrecisionRecall good = precision_recall(both, again);
  EXPECT_GT(good.precision, 0.85);
  EXPECT_GT(good.recall, 0.85);
  const PrecisionRecall one_mode = precision_recall(both, gaussians(400, 2, 5));
  EXPECT_GT(one_mode.precision, 0.85);
  EXPECT_LT(one_mode.recall, 0.55);
  const PrecisionRecall strange = precision_recall(left, both);
  EXPECT_GT(strange.recall, 0.95);
  EXPECT_NEAR(strange.precision, 0.5, 0.05);
  const PrecisionRecall apart = precision_recall(left, right);
  EXPECT_EQ(apart.precision, 0);
  EXPECT_EQ(apart.recall, 0);
  EXPECT_THROW(precision_recall(left.slice(0, 0, 3), right), std::invalid_argument);
}

TEST(NearestDistances, AreThoseOfTheNearest) {
  const at::Tensor a = doubles({0, 0, 3, 4}, {2, 2}), b = doubles({0, 1, 3, 4, 10, 10}, {3, 2});
  EXPECT_TRUE(at::allclose(nearest_distances(a, b), doubles({1, 0}, {2})));
  // More rows than a block.
  const at::Tensor many = gaussians(1100, 3, 7);
  EXPECT_LT(nearest_distances(many, many).max().item<double>(), 1e-6);
}

}  // namespace
}  // namespace stochflow::diffusion
