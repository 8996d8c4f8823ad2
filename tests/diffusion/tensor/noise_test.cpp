#include "stochflow/diffusion/tensor/noise.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "diffusion/support/oracles.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

const RandomStream stream(17, Purpose::prior);

TEST(TensorNoise, HasTheRightDistributions) {
  const SampleIds ids = sample_range(0, 8);
  const at::Tensor like = at::empty({8, 2501}, at::kDouble);
  const auto normal = to_vector(normals(stream, ids, 0, like));
  EXPECT_LT(kolmogorov_smirnov(normal, normal_cdf), 3.0);
  const auto flat = to_vector(uniforms(stream, ids, 0, like));
  EXPECT_LT(kolmogorov_smirnov(flat, [](double u) { return u; }), 3.0);
  const at::Tensor sign = rademacher(stream, ids, 0, like);
  EXPECT_TRUE((sign.abs() == 1).all().item<bool>());
  EXPECT_LT(std::abs(sign.sum().item<double>()), 6 * std::sqrt(8 * 2501));
  // Neighbouring components and the same component of two samples are uncorrelated.
  const at::Tensor n = normals(stream, ids, 0, like);
  const double along = (n.slice(1, 1) * n.slice(1, 0, 2500)).sum().item<double>();
  const double across = (n.slice(0, 1) * n.slice(0, 0, 7)).sum().item<double>();
  EXPECT_LT(std::abs(along), 6 * std::sqrt(8 * 2500));
  EXPECT_LT(std::abs(across), 6 * std::sqrt(7 * 2501));
}

TEST(TensorNoise, DependsOnTheSampleAndNothingElse) {
  const SampleIds ids{5, 900000000000, 7, 2};
  for (const auto& make : {normals, uniforms, rademacher}) {
    const at::Tensor all = make(stream, ids, 3, at::empty({4, 3, 5}, at::kDouble));
    EXPECT_TRUE(at::equal(make(stream, {7}, 3, at::empty({1, 3, 5}, at::kDouble))[0], all[2]));
    EXPECT_TRUE(at::equal(make(stream, {2, 5}, 3, at::empty({2, 15}, at::kDouble)),
                          at::stack({all[3].flatten(), all[0].flatten()})));
    EXPECT_TRUE(
        at::allclose(make(stream, ids, 3, at::empty({4, 3, 5}, at::kFloat)), all.to(at::kFloat)));
    EXPECT_FALSE(at::equal(make(stream, ids, 4, at::empty({4, 3, 5}, at::kDouble)), all));
    EXPECT_FALSE(at::equal(make(RandomStream(18, Purpose::prior), ids, 3, all), all));
    const int threads = at::get_num_threads();
    at::set_num_threads(threads == 1 ? 2 : 1);
    EXPECT_TRUE(at::equal(make(stream, ids, 3, all), all));
    at::set_num_threads(threads);
    EXPECT_THROW(make(stream, {1, 2}, 0, at::empty({3, 2})), std::invalid_argument);
    EXPECT_THROW(make(stream, {1}, 0, at::empty({1, 2}, at::kLong)), std::invalid_argument);
  }
  // The numbers are those of the solvers' own paths.
  const at::Tensor row = normals(stream, {6}, 2, at::empty({1, 4}, at::kDouble));
  std::vector<double> own(4);
  fill_normals(stream, 6, 2, std::span(own));
  EXPECT_EQ(to_vector(row), own);
}

TEST(TensorNoise, IncrementsScaleWithTheStep) {
  const TensorIncrements path(3, {4, 5}, at::empty({2, 6}, at::kDouble));
  const at::Tensor one = path.increment({.index = 9, .t = 0, .h = 1}).W;
  EXPECT_TRUE(at::allclose(path.increment({.index = 9, .t = 0, .h = 0.25}).W, 0.5 * one));
  EXPECT_FALSE(at::equal(path.increment({.index = 10, .t = 0, .h = 1}).W, one));
  // Sample 5 of this batch is trajectory 5 of an ensemble of Eigen states.
  const FreshIncrements<Vector<double>> alone(3, 5, Vector<double>::Zero(6));
  const auto same = alone.increment({.index = 9, .t = 0, .h = 1}).W;
  for (std::int64_t k = 0; k < 6; ++k) EXPECT_EQ(one[1][k].item<double>(), same[k]);
}

}  // namespace
}  // namespace stochflow::diffusion
