#include "stochflow/diffusion/latents.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "diffusion/support/oracles.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

constexpr double tight = 1e-9;

// The flow of a Gaussian keeps the standardised value: both directions in closed form.
TEST(Latents, OfAGaussianAreItsStandardisedValues) {
  const GaussianScore model = diagonal_gaussian();
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  const at::Tensor x = doubles({0.5, -1, 0.25, 1.1, 0.3, -0.1}, {2, 3});
  for (const Schedule& schedule : {vp(), restricted(ve(), -9, 8), linear_log_snr(), flow()}) {
    SCOPED_TRACE(schedule.name);
    const auto moments = [&](double t) {
      const Level level = schedule.at(t);
      return std::pair(level.alpha() * mean,
                       (level.alpha() * level.alpha() * var + level.sigma * level.sigma).sqrt());
    };
    const auto [m0, s0] = moments(schedule.t0);
    const auto [m1, s1] = moments(schedule.t1);
    const Samples latents = encode(model, schedule, x, {.rtol = tight, .atol = tight});
    ASSERT_TRUE(latents.outcome.ok()) << latents.outcome.message();
    EXPECT_GT(latents.nfe, 0);
    const double scale = schedule.at(schedule.t1).scale();
    EXPECT_LT(largest(latents.x - (m1 + (x - m0) / s0 * s1)), 1e-6 * scale);
  }
}

TEST(Latents, DecodeToWhatWasEncodedWithinTheTolerance) {
  const MixtureScore model = mixture();
  const Schedule schedule = linear_log_snr(-10, 6);
  const at::Tensor x = doubles({-1.1, 0.4, 1.2, 0.3, 0.1, -0.9, 0.2, 0.2}, {4, 2});
  double before = 1;
  for (const double tolerance : {1e-3, 1e-6, 1e-9}) {
    const PerSampleTolerance with{.rtol = tolerance, .atol = tolerance, .batch = 3};
    const at::Tensor back = decode(model, schedule, encode(model, schedule, x, with).x, with).x;
    const double error = largest(back - x);
    EXPECT_LT(error, 300 * tolerance);
    EXPECT_LT(error, before);
    before = error;
  }
}

// Latents that are normal, and the same for two models of one law.
TEST(Latents, DependOnTheLawAlone) {
  const Schedule schedule = linear_log_snr(-10, 6);
  const at::Tensor covariance = doubles({1, 0.5, 0.5, 0.5}, {2, 2});
  const GaussianScore one(doubles({0.1, 0}, {2}), covariance);
  // The same normal law as a mixture of two components that agree.
  const GaussianScore diagonal(doubles({0.2, -0.3}, {2}), doubles({0.5, 2}, {2}));
  const MixtureScore two(doubles({0.4, 0.6}, {2}),
                         doubles({0.2, -0.3, 0.2, -0.3}, {2, 2}),
                         doubles({0.5, 2, 0.5, 2}, {2, 2}));
  const RandomStream stream(5, Purpose::increments);
  const at::Tensor x = normals(stream, sample_range(0, 20), 0, at::empty({20, 2}, at::kDouble));
  const PerSampleTolerance with{.rtol = 1e-8, .atol = 1e-8};
  const at::Tensor a = encode(diagonal, schedule, x, with).x;
  EXPECT_LT(largest(a - encode(two, schedule, x, with).x), 1e-6);
  EXPECT_GT(largest(a - encode(one, schedule, x, with).x), 0.1);
}

TEST(Slerp, WalksTheSphere) {
  const at::Tensor a = doubles({2, 0, 0, 1, 1, 0}, {2, 3}), b = doubles({0, 2, 0, 3, 3, 0}, {2, 3});
  EXPECT_LT(largest(slerp(a, b, 0) - a), 1e-14);
  EXPECT_LT(largest(slerp(a, b, 1) - b), 1e-14);
  const at::Tensor third = slerp(a, b, 1.0 / 3);
  const double angle = std::numbers::pi / 6;
  EXPECT_LT(largest(third[0] - doubles({2 * std::cos(angle), 2 * std::sin(angle), 0}, {3})), 1e-14);
  // Parallel vectors: straight, and the length goes along.
  EXPECT_LT(largest(slerp(a, b, 0.5)[1] - doubles({2, 2, 0}, {3})), 1e-7);
  EXPECT_THROW(slerp(a, b[0], 0.5), std::invalid_argument);
}

TEST(LatentCorrelation, IsPearsons) {
  const at::Tensor a = doubles({1, 2, 3, 4, 1, 2, 3, 4}, {2, 4});
  const at::Tensor b = doubles({3, 5, 7, 9, 4, -2, -2, 4}, {2, 4});
  EXPECT_LT(largest(latent_correlation(a, b) - doubles({1, 0}, {2})), 1e-14);
  EXPECT_LT(largest(latent_correlation(a, -a) + 1), 1e-14);
}

}  // namespace
}  // namespace stochflow::diffusion
