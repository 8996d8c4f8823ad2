// Objectives on Gaussian data, where the best loss and the best model are known.

#include "stochflow/diffusion/train/objectives.hpp"

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
at::Tensor uniform(std::int64_t n, std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::increments);
  return uniforms(stream, sample_range(0, n), 0, at::empty({n}, at::kDouble));
}

struct Data {
  at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  GaussianScore model = diagonal_gaussian();

  at::Tensor x0(std::int64_t n, std::uint64_t seed) const {
    return mean + var.sqrt() * gaussians(n, 3, seed);
  }
  /// E|eps - eps_hat|^2 of the exact model: a^2 c/(a^2 c + s^2) a component.
  double best(double gamma) const {
    const double snr = std::exp(-gamma);
    return (snr * var / (snr * var + 1)).sum().item<double>();
  }
};

/// A model with a parameter: the exact one, its noise times 1 + theta.
struct Scaled final : NoisePredictor {
  const NoisePredictor& model;
  at::Tensor theta = at::zeros({1}, at::kDouble).requires_grad_(true);
  explicit Scaled(const NoisePredictor& inner) : model(inner) {}
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    return (1 + theta) * model.eps(z, gamma);
  }
};

double gradient_at_zero(const Scaled& model, const at::Tensor& loss) {
  loss.backward();
  return model.theta.grad().item<double>();
}

void expect_mean(const at::Tensor& values, double expected) {
  const double error = values.std().item<double>() / std::sqrt(static_cast<double>(values.size(0)));
  EXPECT_LT(std::abs(values.mean().item<double>() - expected), 5.5 * error) << expected;
}

TEST(DenoisingLoss, OfTheExactModelIsTheBestThereIsUnderEverySchedule) {
  const Data data;
  constexpr std::int64_t n = 20000;
  for (const Schedule& schedule : all_schedules()) {
    SCOPED_TRACE(schedule.name);
    const double t = 0.6 * schedule.t0 + 0.4 * schedule.t1;
    const at::Tensor times = at::full({n}, t, at::kDouble);
    const at::Tensor x0 = data.x0(n, 1), eps = gaussians(n, 3, 2);
    const Level level = schedule.at(t);
    const at::Tensor loss = denoising_loss(data.model, schedule, x0, times, eps);
    expect_mean(loss, data.best(level.gamma));
    const at::Tensor weighted =
        denoising_loss(data.model, schedule, x0, times, eps, Weighting::likelihood);
    const double ratio = level.g_squared() / (2 * level.sigma * level.sigma);
    EXPECT_TRUE(at::allclose(weighted, ratio * loss, 1e-9));
  }
}

// The derivative by a parameter that scales the exact answer vanishes at the exact answer, sample
// noise aside; for a model off by a fifth it does not.
TEST(DenoisingLoss, IsLeastForTheExactModel) {
  const Data data;
  constexpr std::int64_t n = 20000;
  const Schedule schedule = vp();
  const at::Tensor t = at::full({n}, 0.4, at::kDouble);
  const Scaled model(data.model);
  const at::Tensor loss =
      denoising_loss(model, schedule, data.x0(n, 3), t, gaussians(n, 3, 4)).mean();
  EXPECT_LT(std::abs(gradient_at_zero(model, loss)), 0.1);
  const Scaled off(data.model);
  off.theta.data().fill_(0.2);
  const at::Tensor larger =
      denoising_loss(off, schedule, data.x0(n, 3), t, gaussians(n, 3, 4)).mean();
  EXPECT_GT(gradient_at_zero(off, larger), 0.5);
}

/// The exact model with a scale and a shift for each component.
struct Bent final : NoisePredictor {
  const NoisePredictor& model;
  at::Tensor scale = at::ones({3}, at::kDouble).requires_grad_(true);
  at::Tensor shift = at::zeros({3}, at::kDouble).requires_grad_(true);
  explicit Bent(const NoisePredictor& inner) : model(inner) {}
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    return scale * model.eps(z, gamma) + shift;
  }
};

// The same in every direction and under every schedule, each derivative within 5.5 standard errors
// of zero: those of 2 w (e - eps) e and 2 w (e - eps), e the exact answer and w the weight.
TEST(DenoisingLoss, NoDirectionLeadsBelowTheExactModel) {
  const Data data;
  constexpr std::int64_t n = 20000;
  const at::Tensor x0 = data.x0(n, 3), eps = gaussians(n, 3, 4);
  for (const Schedule& schedule : all_schedules()) {
    for (const Weighting weighting : {Weighting::noise, Weighting::likelihood}) {
      SCOPED_TRACE(schedule.name);
      const double t = 0.5 * (schedule.t0 + schedule.t1);
      const Level level = schedule.at(t);
      const Bent model(data.model);
      denoising_loss(model, schedule, x0, at::full({n}, t, at::kDouble), eps, weighting)
          .mean()
          .backward();
      const double a = level.alpha() / level.scale(), s = level.sigma / level.scale();
      const at::Tensor e =
          data.model.eps(a * x0 + s * eps, at::full({n}, level.gamma, at::kDouble));
      const double w = weighting == Weighting::noise ? 1 : 0.5 * level.d_gamma;
      const auto expect_zero = [&](const at::Tensor& found, const at::Tensor& by_sample) {
        const at::Tensor error = by_sample.std(0) / std::sqrt(static_cast<double>(n));
        EXPECT_TRUE((found.abs() < 5.5 * error).all().item<bool>()) << found << error;
      };
      expect_zero(model.scale.grad(), 2 * w * (e - eps) * e);
      expect_zero(model.shift.grad(), 2 * w * (e - eps));
    }
  }
}

// Both ways to the diffusion term of the bound: times uniform with the likelihood's weight, and
// times drawn where the weight is. The second has the lower variance.
TEST(DenoisingLoss, ImportanceSamplingKeepsTheMeanAndLowersTheVariance) {
  const Data data;
  constexpr std::int64_t n = 40000;
  const Schedule schedule = restricted(vp(), -8, 5);
  double expected = 0;  // (1/2) int best dgamma by the midpoint rule
  const double low = schedule.at(schedule.t0).gamma, high = schedule.at(schedule.t1).gamma;
  for (int k = 0; k < 2000; ++k) {
    expected += 0.5 * data.best(low + (k + 0.5) * (high - low) / 2000) * (high - low) / 2000;
  }
  const at::Tensor x0 = data.x0(n, 5), eps = gaussians(n, 3, 6), u = uniform(n, 7);
  const at::Tensor flat = schedule.t0 + (schedule.t1 - schedule.t0) * u;
  const at::Tensor plain =
      (schedule.t1 - schedule.t0) *
      denoising_loss(data.model, schedule, x0, flat, eps, Weighting::likelihood);
  const at::Tensor important =
      importance_of_times(schedule) *
      denoising_loss(data.model, schedule, x0, importance_sampled_times(schedule, u), eps);
  expect_mean(plain, expected);
  expect_mean(important, expected);
  EXPECT_LT(important.var().item<double>(), 0.5 * plain.var().item<double>());
}

// At the exact score s* the expected loss is -|s*|^2/2, that of components N(m, v): -1/(2 v).
TEST(SlicedLoss, OfTheExactModelIsHalfTheSizeOfItsScore) {
  const Data data;
  constexpr std::int64_t n = 20000;
  const Schedule schedule = vp();
  const Level level = schedule.at(0.4);
  const at::Tensor spread = level.alpha() * level.alpha() * data.var + level.sigma * level.sigma;
  const at::Tensor x = level.alpha() * data.mean + spread.sqrt() * gaussians(n, 3, 8);
  const RandomStream stream(9, Purpose::probe);
  const at::Tensor v = rademacher(stream, sample_range(0, n), 0, x);
  const double expected = (-0.5 / spread).sum().item<double>();
  const at::Tensor reduced = sliced_loss(data.model, level, x, v);
  const at::Tensor plain = sliced_loss(data.model, level, x, v, Slicing::plain);
  expect_mean(reduced.detach(), expected);
  expect_mean(plain.detach(), expected);
  EXPECT_LT(reduced.var().item<double>(), plain.var().item<double>());
  // Least at the exact score.
  const Scaled model(data.model);
  EXPECT_LT(std::abs(gradient_at_zero(model, sliced_loss(model, level, x, v).mean())), 0.1);
  EXPECT_THROW(sliced_loss(data.model, level, x, v.slice(0, 0, 3)), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
