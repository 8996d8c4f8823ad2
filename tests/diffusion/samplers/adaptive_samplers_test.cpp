// Samplers with steps of each sample's own, and the single-step DPM-Solvers.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/samplers/ddim.hpp"
#include "stochflow/diffusion/samplers/dpm_solver.hpp"
#include "stochflow/diffusion/samplers/ggf.hpp"
#include "stochflow/diffusion/samplers/ode_per_sample.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

Draw draw_of(std::int64_t n, std::int64_t D, std::uint64_t seed = 1) {
  return {.seed = seed, .ids = sample_range(0, n), .shape = {D}, .options = at::kDouble};
}

/// Counts the rows it is asked for.
struct Counting final : NoisePredictor {
  explicit Counting(const NoisePredictor& inner) : model(inner) {}
  const NoisePredictor& model;
  mutable std::int64_t rows = 0, calls = 0, largest = 0;

  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    ++calls;
    rows += z.size(0);
    largest = std::max(largest, z.size(0));
    return model.eps(z, gamma);
  }
};

double relative_variance(const at::Tensor& x, double variance) {
  return x.square().mean().item<double>() / variance - 1;
}

// With noise drawn anew after a rejection the variance comes out above 2 here: seven times as far
// from 1 as what the test allows.
TEST(Ggf, RejectedStepsDoNotChangeTheLawInOneDimension) {
  const GaussianScore unit(doubles({0}, {1}), doubles({1}, {1}));
  const Schedule schedule = vp();
  constexpr std::int64_t n = 2000;
  for (const double rtol : {0.1, 0.5}) {
    const SdeTolerance tolerance{.rtol = rtol, .atol = 0.02, .batch = n};
    const Samples found = sample_ggf(unit, schedule, draw_of(n, 1), tolerance, {.denoise = false});
    ASSERT_TRUE(found.outcome.ok()) << found.outcome.message();
    EXPECT_LT(std::abs(found.x.mean().item<double>()), 6 / std::sqrt(n));
    // 1 % for the bias of the steps.
    EXPECT_LT(std::abs(relative_variance(found.x, 1)), 0.01 + 6 * std::sqrt(2.0 / n));
  }
}

// 800 samples tell distribution functions apart that differ by 3/sqrt(800) = 0.11: the smallest
// mode, of weight 0.2, lost or doubled, and the biases that redrawn noise had in the test above.
TEST(Ggf, DrawsFromTheMixtureUnderManySchedules) {
  const MixtureScore model = mixture();
  constexpr std::int64_t n = 800;
  for (const Schedule& schedule : {vp(), restricted(ve(), -9, 8), flow()}) {
    SCOPED_TRACE(schedule.name);
    const Samples found = sample_ggf(model,
                                     schedule,
                                     draw_of(n, 2),
                                     {.rtol = 0.02, .atol = 0.01, .batch = n},
                                     {.denoise = false});
    ASSERT_TRUE(found.outcome.ok()) << found.outcome.message();
    const Level level = schedule.at(schedule.t0);
    const double weights[] = {0.5, 0.3, 0.2}, means[] = {-1, 1, 0.2}, vars[] = {0.05, 0.1, 0.2};
    const auto cdf = [&](double x) {
      double sum = 0;
      for (int k = 0; k < 3; ++k) {
        const double v = std::exp(2 * level.log_alpha) * vars[k] + level.sigma * level.sigma;
        sum += weights[k] * normal_cdf((x - level.alpha() * means[k]) / std::sqrt(v));
      }
      return sum;
    };
    EXPECT_LT(kolmogorov_smirnov(to_vector(found.x.select(1, 0)), cdf), 3.0);
  }
}

TEST(Ggf, ASampleDoesNotDependOnItsBatchAndArrivedOnesAreNotEvaluated) {
  const MixtureScore model = mixture();
  const Counting counting(model);
  const Schedule schedule = vp();
  const SdeTolerance alone{.rtol = 0.1, .atol = 0.05, .batch = 1};
  SdeTolerance together = alone;
  together.batch = 4;
  const Samples all = sample_ggf(counting, schedule, draw_of(9, 2), together);
  EXPECT_LE(counting.largest, 9);  // denoising asks for all
  EXPECT_EQ((counting.rows + 8) / 9, all.nfe);
  EXPECT_TRUE(at::equal(sample_ggf(model, schedule, draw_of(9, 2), alone).x, all.x));
  Draw few = draw_of(2, 2);
  few.ids = {7, 0};
  const Samples some = sample_ggf(model, schedule, few, together);
  EXPECT_TRUE(at::equal(some.x, at::stack({all.x[7], all.x[0]})));
  EXPECT_FALSE(at::equal(sample_ggf(model, schedule, draw_of(9, 2, 2), together).x, all.x));
}

TEST(Ggf, SaysWhenItCannotGoOn) {
  const MixtureScore model = mixture();
  const Samples cut = sample_ggf(model, vp(), draw_of(2, 2), {.max_steps = 3});
  EXPECT_EQ(cut.outcome.status, Status::max_steps);
  const GaussianScore lost(doubles({NAN}, {1}), doubles({1}, {1}));
  EXPECT_EQ(sample_ggf(lost, vp(), draw_of(2, 1), {}).outcome.status, Status::step_underflow);
  EXPECT_THROW(sample_ggf(model, vp(), draw_of(2, 2), {.atol = 0}), std::invalid_argument);
}

/// The probability flow of a Gaussian in closed form.
struct KnownFlow {
  GaussianScore model = diagonal_gaussian();
  at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});

  at::Tensor spread(const Level& level) const {
    return (level.alpha() * level.alpha() * var + level.sigma * level.sigma).sqrt();
  }
  at::Tensor end(const Schedule& schedule, const Draw& draw) const {
    const Level first = schedule.at(schedule.t1), last = schedule.at(schedule.t0);
    const at::Tensor at_start = prior_sample(schedule, draw);
    return last.alpha() * mean + (at_start - first.alpha() * mean) / spread(first) * spread(last);
  }
};

TEST(OdePerSample, FollowsTheFlowToItsTolerance) {
  const KnownFlow known;
  for (const Schedule& schedule : all_schedules()) {
    SCOPED_TRACE(schedule.name);
    const Draw draw = draw_of(7, 3);
    for (const Tableau& method : {tsitouras54, dormand_prince853}) {
      const Samples found =
          sample_ode_per_sample(known.model,
                                schedule,
                                draw,
                                {.rtol = 1e-8, .atol = 1e-9, .method = method, .batch = 3},
                                {.denoise = false});
      ASSERT_TRUE(found.outcome.ok()) << found.outcome.message();
      const double scale = schedule.at(schedule.t0).scale();
      EXPECT_LT((found.x - known.end(schedule, draw)).abs().max().item<double>(), 1e-6 * scale)
          << method.name;
    }
  }
}

TEST(OdePerSample, ASampleDoesNotDependOnItsBatch) {
  const MixtureScore whole = mixture();
  const MicroBatches model(whole, {.rows = 4});
  const auto run = [&](const Draw& draw, std::int64_t batch) {
    return sample_ode_per_sample(model, vp(), draw, {.batch = batch});
  };
  const Samples all = run(draw_of(9, 2), 4);
  EXPECT_TRUE(at::equal(run(draw_of(9, 2), 9).x, all.x));
  EXPECT_TRUE(at::equal(run(draw_of(9, 2), 1).x, all.x));
  Draw few = draw_of(2, 2);
  few.ids = {7, 0};
  EXPECT_TRUE(at::equal(run(few, 2).x, at::stack({all.x[7], all.x[0]})));
  Samples cut = sample_ode_per_sample(model, vp(), few, {.control = {.max_steps = 2}});
  EXPECT_EQ(cut.outcome.status, Status::max_steps);
  EXPECT_THROW(sample_ode_per_sample(model, vp(), few, {.atol = 0}), std::invalid_argument);
}

// Batches of four that wait for their slowest sample would take more calls.
TEST(OdePerSample, RefillsTheBatchAsSamplesArrive) {
  const MixtureScore model = mixture();
  const Counting counting(model);
  const Samples found =
      sample_ode_per_sample(counting, vp(), draw_of(40, 2), {.batch = 4}, {.denoise = false});
  EXPECT_EQ(counting.largest, 4);
  // The rows are full but for the last round: at most a tenth more than what samples needed.
  EXPECT_LT(static_cast<double>(counting.calls) * 4, 1.15 * 40 * static_cast<double>(found.nfe));
}

TEST(DpmSolver, HasItsOrders) {
  const KnownFlow known;
  const Schedule schedule = restricted(vp(), -4, 4);
  const Draw draw = draw_of(8, 3, 4);
  const at::Tensor right = known.end(schedule, draw);
  const auto error = [&](int order, std::int64_t n) {
    const auto times = log_snr_times(schedule, n);
    const Samples found =
        sample_dpm_solver(known.model, schedule, draw, times, order, {.denoise = false});
    EXPECT_EQ(found.nfe, n * order);
    return (found.x - right).abs().max().item<double>();
  };
  for (const int order : {1, 2, 3}) {
    EXPECT_NEAR(std::log2(error(order, 64) / error(order, 128)), order, 0.15) << order;
  }
  const auto times = log_snr_times(schedule, 10);
  EXPECT_TRUE(at::allclose(sample_dpm_solver(known.model, schedule, draw, times, 1).x,
                           sample_ddim(known.model, schedule, draw, times).x,
                           1e-12,
                           1e-12));
  EXPECT_THROW(sample_dpm_solver(known.model, schedule, draw, times, 4), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
