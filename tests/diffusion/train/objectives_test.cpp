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

/// eps = z + gamma/10: wrong enough that every level has a loss of its own.
struct Crude final : NoisePredictor {
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    return z + 0.1 * gamma.unsqueeze(1);
  }
};

// The objectives of the discrete models as they were published, level by level.
TEST(DenoisingLoss, OnTheLevelsOfAChainIsThatOfDdpmAndOfNcsn) {
  constexpr std::int64_t n = 7;
  const Data data;
  const at::Tensor u = (at::arange(n, at::kDouble) + 0.3) / n;  // one for each level
  const at::Tensor t = times_of_levels(n, u);
  const at::Tensor x0 = data.x0(n, 1), eps = gaussians(n, 3, 2);
  const Crude crude;
  const at::Tensor of_ddpm = denoising_loss(crude, ddpm(1e-3, 0.2, n), x0, t, eps);
  const at::Tensor of_ncsn = denoising_loss(crude, smld(0.02, 3, n), x0, t, eps);
  double alpha_bar = 1;
  for (std::int64_t k = 0; k < n; ++k) {
    SCOPED_TRACE(k);
    const double part = static_cast<double>(k) / (n - 1);
    const auto predicted = [&](const at::Tensor& z, double gamma) {
      return crude.eps(z.unsqueeze(0), at::full({1}, gamma, at::kDouble))[0];
    };
    // |eps - eps_theta(sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps, k)|^2
    alpha_bar *= 1 - (1e-3 + part * (0.2 - 1e-3));
    const at::Tensor x = std::sqrt(alpha_bar) * x0[k] + std::sqrt(1 - alpha_bar) * eps[k];
    const at::Tensor found = predicted(x, std::log((1 - alpha_bar) / alpha_bar));
    EXPECT_NEAR(of_ddpm[k].item<double>(), (eps[k] - found).square().sum().item<double>(), 1e-9);
    // sigma^2 |s_theta(x0 + sigma eps, sigma) + eps/sigma|^2
    const double sigma = 0.02 * std::pow(150, part), scale = std::sqrt(1 + sigma * sigma);
    const at::Tensor s =
        predicted((x0[k] + sigma * eps[k]) / scale, 2 * std::log(sigma)) * (-1 / sigma);
    EXPECT_NEAR(of_ncsn[k].item<double>(),
                sigma * sigma * (s + eps[k] / sigma).square().sum().item<double>(),
                1e-9);
  }
  EXPECT_EQ(times_of_levels(2, doubles({0, 0.49, 0.5, 0.999}, {4})).sum().item<double>(), 2);
  EXPECT_THROW(times_of_levels(1, u), std::invalid_argument);
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
