#include "diffusion/support/samplers.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

TEST(Samplers, DrawFromTheMixtureUnderEverySchedule) {
  const TwoModes truth;
  const MixtureScore model = truth.model();
  constexpr std::int64_t n = 2000;
  for (const Schedule& schedule : all_schedules()) {
    const Level level = schedule.at(schedule.t0);
    for (const auto& [name, sampler] : samplers(250)) {
      SCOPED_TRACE(name + " under " + schedule.name);
      const Samples found = sampler(model, schedule, batch_of(n), {.denoise = false});
      ASSERT_TRUE(found.outcome.ok()) << found.outcome.message();
      const at::Tensor along = found.x.sum(1) / std::sqrt(static_cast<double>(D));
      EXPECT_LT(
          kolmogorov_smirnov(to_vector(along), [&](double x) { return truth.along(x, level); }),
          3.0);
      EXPECT_LT(kolmogorov_smirnov(to_vector(found.x.select(1, 3)),
                                   [&](double x) { return truth.component(x, level); }),
                3.0);
      // Moments over everything: mean 0, second moment sum w (m^2 + v).
      const double second = 0.4 * (0.81 + 0.05) + 0.6 * (0.36 + 0.1);
      const double s2 = level.sigma * level.sigma, a2 = std::exp(2 * level.log_alpha);
      EXPECT_LT(std::abs(along.mean().item<double>()),
                6 * std::sqrt((0.54 * a2 * D + s2 + 0.08) / n));
      // The relative deviation of x^2 between samples is below 0.35; 1.5 % are left for the bias.
      EXPECT_NEAR(found.x.square().mean().item<double>() / (a2 * second + s2),
                  1,
                  0.015 + 6 * 0.35 / std::sqrt(n));
    }
  }
}

// It needs many more evaluations than the others, to forget one level at the next.
TEST(Samplers, AnnealedLangevinEndsInTheLowestLevelsLaw) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  const Schedule schedule = restricted(ve(), -4, 4);
  constexpr std::int64_t n = 4000, levels = 20;
  const Draw draw{.seed = 6, .ids = sample_range(0, n), .shape = {3}, .options = at::kDouble};
  const Annealing annealing{.steps_per_level = 50, .step = 0.1};
  const Samples found = sample_annealed_langevin(
      gaussian, schedule, draw, log_snr_times(schedule, levels), annealing, {.denoise = false});
  EXPECT_EQ(found.nfe, levels * annealing.steps_per_level);
  // A step is y' - m = a (y - m) + sqrt(2 step) sigma n with a = 1 - step sigma^2/(c + sigma^2):
  // its stationary variance is 2 step sigma^2/(1 - a^2), more than c + sigma^2 by the known bias.
  const double sigma2 = std::pow(schedule.at(schedule.t0).sigma_hat(), 2);
  const at::Tensor a = 1 - annealing.step * sigma2 / (var + sigma2);
  const at::Tensor expected = 2 * annealing.step * sigma2 / (1 - a * a);
  const at::Tensor z_mean = (found.x.mean(0) - mean) / (expected / n).sqrt();
  const at::Tensor z_var = (found.x.var(0) / expected - 1) / std::sqrt(2.0 / n);
  EXPECT_LT(z_mean.abs().max().item<double>(), 6);
  // 2 % for what the 50 steps of the last level remember of the one before.
  EXPECT_LT(z_var.abs().max().item<double>(), 6 + 0.02 / std::sqrt(2.0 / n));
}

TEST(Samplers, DenoisingRemovesTheNoiseThatIsLeft) {
  // Data at one point: whatever the noise at t0, the denoised sample is that point.
  const GaussianScore point(at::full({D}, 0.3, at::kDouble), at::full({D}, 1e-12, at::kDouble));
  const Schedule schedule = ve(0.5, 50);
  for (const auto& [name, sampler] : samplers(20)) {
    const Samples noisy = sampler(point, schedule, batch_of(50), {.denoise = false});
    const Samples clean = sampler(point, schedule, batch_of(50), {});
    EXPECT_GT((noisy.x - 0.3).abs().mean().item<double>(), 0.1) << name;
    EXPECT_LT((clean.x - 0.3).abs().max().item<double>(), 1e-9) << name;
    EXPECT_EQ(clean.nfe, noisy.nfe + 1);
  }
}

TEST(Samplers, ASampleDoesNotDependOnItsBatch) {
  const MixtureScore model = TwoModes{}.model();
  const Schedule schedule = vp();
  for (const auto& [name, sampler] : samplers_on_grids(10)) {
    const at::Tensor all = sampler(model, schedule, batch_of(7), {}).x;
    Draw few = batch_of(3);
    few.ids = {5, 0, 3};
    const at::Tensor some = sampler(model, schedule, few, {}).x;
    EXPECT_TRUE(at::equal(some, at::stack({all[5], all[0], all[3]}))) << name;
    Draw alone = batch_of(1);
    alone.ids = {6};
    EXPECT_TRUE(at::equal(sampler(model, schedule, alone, {}).x[0], all[6])) << name;
    EXPECT_FALSE(at::equal(sampler(model, schedule, batch_of(7, 2), {}).x, all)) << name;
  }
  // The adaptive ODE, with one step size for the batch, moves within its tolerance.
  const Sampler ode = samplers(0).at("ode");
  const at::Tensor all = ode(model, schedule, batch_of(7), {}).x;
  Draw alone = batch_of(1);
  alone.ids = {6};
  EXPECT_LT((ode(model, schedule, alone, {}).x[0] - all[6]).abs().max().item<double>(), 1e-3);
}

/// Checks where it is asked, and counts.
struct Spy final : NoisePredictor {
  MixtureScore model = TwoModes{}.model();
  double low = 0, high = 0;
  mutable std::int64_t calls = 0;

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    ++calls;
    EXPECT_GE(gamma.min().item<double>(), low - 1e-6);
    EXPECT_LE(gamma.max().item<double>(), high + 1e-6);
    return model.eps(z, gamma);
  }
};

TEST(Samplers, StayBetweenTheEndsAndCountTheirEvaluations) {
  for (const Schedule& schedule : all_schedules()) {
    for (const auto& [name, sampler] : samplers(6)) {
      SCOPED_TRACE(name + " under " + schedule.name);
      Spy spy;
      spy.low = schedule.at(schedule.t0).gamma;
      spy.high = schedule.at(schedule.t1).gamma;
      std::vector<double> seen;
      const Samples found =
          sampler(spy, schedule, batch_of(2), {.observer = [&](const at::Tensor& x, double t) {
                    EXPECT_EQ(x.sizes(), at::IntArrayRef({2, D}));
                    seen.push_back(t);
                  }});
      EXPECT_EQ(found.nfe, spy.calls);
      EXPECT_EQ(found.x.sizes(), at::IntArrayRef({2, D}));
      EXPECT_EQ(seen.front(), schedule.t1);
      EXPECT_NEAR(seen.back(), schedule.t0, 1e-12 * schedule.t1);
      for (std::size_t k = 1; k < seen.size(); ++k) EXPECT_LT(seen[k], seen[k - 1]);
      // Six evaluations on the grid, and one to denoise.
      EXPECT_TRUE(found.nfe == 7 || name == "ode") << found.nfe;
    }
  }
}

TEST(Samplers, KeepShapeAndDtype) {
  const GaussianScore pixels(at::zeros({1, 4, 4}, at::kDouble), at::ones({1, 4, 4}, at::kDouble));
  Draw draw{.seed = 3, .ids = {1, 2}, .shape = {1, 4, 4}, .options = at::kFloat};
  for (const auto& [name, sampler] : samplers(10)) {
    const Samples found = sampler(pixels, vp(), draw, {});
    EXPECT_EQ(found.x.sizes(), at::IntArrayRef({2, 1, 4, 4})) << name;
    EXPECT_EQ(found.x.scalar_type(), at::kFloat) << name;
    EXPECT_FALSE(found.x.requires_grad()) << name;
  }
}

TEST(Samplers, EveryOdeStepperGivesTheSameSamples) {
  const MixtureScore model = TwoModes{}.model();
  const auto with = [&](OdeStepper stepper) {
    return sample_ode(model, vp(), batch_of(4), {.rtol = 1e-8, .atol = 1e-8, .stepper = stepper}).x;
  };
  const at::Tensor reference = with(OdeStepper::dopri5);
  for (const OdeStepper stepper : {OdeStepper::cash_karp54, OdeStepper::fehlberg78}) {
    EXPECT_LT((with(stepper) - reference).abs().max().item<double>(), 1e-5);
  }
  const Samples cut = sample_ode(model, vp(), batch_of(4), {.max_steps = 3});
  EXPECT_EQ(cut.outcome.status, Status::max_steps);
}

// The samplers without noise solve the probability flow: on a Gaussian, where its solution is
// known, halving the steps divides the error by 2 to the power of the order.
TEST(Samplers, WithoutNoiseHaveTheirOrders) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  const Schedule schedule = restricted(vp(), -4, 4);
  const Draw draw{.seed = 4, .ids = sample_range(0, 8), .shape = {3}, .options = at::kDouble};
  const auto spread = [&](const Level& level) {
    return (level.alpha() * level.alpha() * var + level.sigma * level.sigma).sqrt();
  };
  const Level first = schedule.at(schedule.t1), last = schedule.at(schedule.t0);
  const at::Tensor standardised =
      (prior_sample(schedule, draw) - first.alpha() * mean) / spread(first);
  const at::Tensor exact = last.alpha() * mean + standardised * spread(last);
  const auto error = [&](const GridSampler& sampler, std::int64_t n) {
    const auto times = log_snr_times(schedule, n);
    const Samples found = sampler(gaussian, schedule, draw, times, {.denoise = false});
    return (found.x - exact).abs().max().item<double>();
  };
  const std::vector<std::tuple<std::string, GridSampler, double>> cases{
      {"ddim", with(sample_ddim, 0.0), 1},
      {"edm", with(sample_edm, Churn{}), 2},
      {"dpmpp-2m", sample_dpmpp_2m, 2},
      {"dpmpp-2s", with(sample_dpmpp_2s, 0.0), 2},
      {"dpmpp-3m", with(sample_dpmpp_3m_sde, 0.0), 2},  // its second step is of order 2
      {"unipc 2", with(sample_unipc, 2), 2},            // its last step is of order 1 (locally 2)
      {"deis 2", with(sample_deis, 2), 2},
      {"deis 3", with(sample_deis, 3), 2}};
  for (const auto& [name, sampler, order] : cases) {
    const double measured = std::log2(error(sampler, 128) / error(sampler, 256));
    EXPECT_GT(measured, order - 0.15) << name;
  }
}

}  // namespace
}  // namespace stochflow::diffusion
