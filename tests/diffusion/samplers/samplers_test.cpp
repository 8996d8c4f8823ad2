#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/flow.hpp"
#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/samplers/ancestral.hpp"
#include "stochflow/diffusion/samplers/annealed_langevin.hpp"
#include "stochflow/diffusion/samplers/ddim.hpp"
#include "stochflow/diffusion/samplers/deis.hpp"
#include "stochflow/diffusion/samplers/dpm_solver.hpp"
#include "stochflow/diffusion/samplers/dpmpp.hpp"
#include "stochflow/diffusion/samplers/edm.hpp"
#include "stochflow/diffusion/samplers/em.hpp"
#include "stochflow/diffusion/samplers/heun.hpp"
#include "stochflow/diffusion/samplers/ode.hpp"
#include "stochflow/diffusion/samplers/pc.hpp"
#include "stochflow/diffusion/samplers/reverse_diffusion.hpp"
#include "stochflow/diffusion/samplers/unipc.hpp"
#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

/// Two modes in 16 dimensions, so that norms concentrate as the corrector's step size presumes.
constexpr std::int64_t D = 16;
struct TwoModes {
  double weight = 0.4;           // of the first
  double mean[2] = {0.9, -0.6};  // of every component; the mixture's mean is 0
  double var[2] = {0.05, 0.1};

  MixtureScore model() const {
    const at::Tensor ones = at::ones({D}, at::kDouble);
    return {doubles({weight, 1 - weight}, {2}),
            at::stack({mean[0] * ones, mean[1] * ones}),
            doubles({var[0], var[1]}, {2})};
  }
  /// Distribution function of (1/sqrt(D)) sum_k x_k at a noise level: it separates the modes.
  double along(double x, const Level& level) const {
    return mixture_cdf(x, level, std::sqrt(static_cast<double>(D)));
  }
  double component(double x, const Level& level) const { return mixture_cdf(x, level, 1); }
  double mixture_cdf(double x, const Level& level, double stretch) const {
    const auto mode = [&](int k) {
      const double v = std::exp(2 * level.log_alpha) * var[k] + level.sigma * level.sigma;
      return normal_cdf((x - level.alpha() * stretch * mean[k]) / std::sqrt(v));
    };
    return weight * mode(0) + (1 - weight) * mode(1);
  }
};

Draw batch_of(std::int64_t n, std::uint64_t seed = 1) {
  return {.seed = seed, .ids = sample_range(0, n), .shape = {D}, .options = at::kDouble};
}

using Sampler = std::function<Samples(
    const NoisePredictor&, const Schedule&, const Draw&, const SampleOptions&)>;

using GridSampler = std::function<Samples(const NoisePredictor&,
                                          const Schedule&,
                                          const Draw&,
                                          std::span<const double>,
                                          const SampleOptions&)>;

/// A sampler on a grid of log-SNR times, of as many steps as make `evaluations`.
Sampler on_grid(std::int64_t evaluations, std::int64_t per_step, GridSampler sampler) {
  return [=](const auto& model, const auto& schedule, const auto& draw, const auto& options) {
    const auto times = log_snr_times(schedule, evaluations / per_step);
    return sampler(model, schedule, draw, times, options);
  };
}

/// sample_f(model, schedule, draw, times, extra, options) as a GridSampler.
template <class F, class Extra>
GridSampler with(F sampler, Extra extra) {
  return [=](const auto& model,
             const auto& schedule,
             const auto& draw,
             std::span<const double> times,
             const auto& options) { return sampler(model, schedule, draw, times, extra, options); };
}

/// Every sampler, with enough steps for its bias to be far below what the tests resolve.
std::map<std::string, Sampler> samplers(std::int64_t n) {
  return {
      {"em", on_grid(n, 1, sample_em)},
      {"heun", on_grid(n, 2, sample_heun)},
      {"pc", on_grid(n, 2, with(sample_pc, LangevinCorrector{.signal_to_noise = 0.1}))},
      {"reverse-diffusion", on_grid(n, 1, sample_reverse_diffusion)},
      {"ancestral", on_grid(n, 1, sample_ancestral)},
      {"ddpm", on_grid(n, 1, sample_ddpm)},
      {"ddim", on_grid(n, 1, with(sample_ddim, 0.0))},
      {"ddim with noise", on_grid(n, 1, with(sample_ddim, 0.5))},
      {"edm", on_grid(n, 2, with(sample_edm, Churn{}))},
      {"edm with churn", on_grid(n, 2, with(sample_edm, Churn{.churn = 20}))},
      {"dpmpp-2m", on_grid(n, 1, sample_dpmpp_2m)},
      {"dpmpp-2s", on_grid(n, 2, with(sample_dpmpp_2s, 0.0))},
      {"dpmpp-2s ancestral", on_grid(n, 2, with(sample_dpmpp_2s, 1.0))},
      {"dpmpp-sde", on_grid(n, 2, with(sample_dpmpp_sde, 1.0))},
      {"dpmpp-3m-sde", on_grid(n, 1, with(sample_dpmpp_3m_sde, 1.0))},
      {"unipc", on_grid(n, 1, with(sample_unipc, 3))},
      {"deis", on_grid(n, 1, with(sample_deis, 3))},
      {"ode", [](const auto& model, const auto& schedule, const auto& draw, const auto& options) {
         return sample_ode(model, schedule, draw, {.rtol = 1e-5, .atol = 1e-5}, options);
       }}};
}

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
  for (const auto& [name, sampler] : samplers(10)) {
    if (name == "ode") continue;  // one step size for the batch: see below
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
  // The adaptive ODE moves within its tolerance.
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

TEST(Reverse, ProbabilityFlowMovesTheMarginalsOfAGaussian) {
  // Exact: a component with mean m and variance c keeps its standardised value.
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  for (const Schedule& schedule : all_schedules()) {
    SCOPED_TRACE(schedule.name);
    const auto at_level = [&](const at::Tensor& standardised, double t) {
      const Level level = schedule.at(t);
      return level.alpha() * mean +
             standardised *
                 (level.alpha() * level.alpha() * var + level.sigma * level.sigma).sqrt();
    };
    const at::Tensor n = doubles({0.3, -1.2, 2, 1, 0, -0.5}, {2, 3});
    const double t0 = std::max(schedule.t0, 1e-3 * schedule.t1);
    const auto run = solve_ode(ProbabilityFlow{schedule, gaussian},
                               Dopri5{.rtol = 1e-9, .atol = 1e-9},
                               at_level(n, schedule.t1),
                               schedule.t1,
                               t0);
    ASSERT_TRUE(run.outcome.ok());
    EXPECT_LT((run.x - at_level(n, t0)).abs().max().item<double>(), 1e-6);
    const auto back = solve_ode(ProbabilityFlow{schedule, gaussian},
                                Dopri5{.rtol = 1e-9, .atol = 1e-9},
                                run.x,
                                t0,
                                schedule.t1);
    EXPECT_TRUE(at::allclose(back.x, at_level(n, schedule.t1), 1e-5, 1e-6));
  }
}

TEST(Reverse, DriftAndDiffusionAreAndersons) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor x = doubles({0.3, -1.2, 2}, {1, 3});
  for (const Schedule& schedule : all_schedules()) {
    const ReverseSde sde{schedule, gaussian};
    const double t = 0.37 * schedule.t1;
    const Level level = schedule.at(t);
    const double g = level.g();
    const at::Tensor right = -level.f() * x + g * g * score_at(gaussian, x, level);
    EXPECT_TRUE(at::allclose(sde.drift(x, schedule.t1 - t), right, 1e-9, 1e-9)) << schedule.name;
    EXPECT_NEAR(sde.diffusion(x, schedule.t1 - t), g, 1e-9 * g) << schedule.name;
  }
}

TEST(Samplers, GiveASampleTheSameBitsInAnyOrderAndCompany) {
  const MixtureScore mixture = TwoModes().model();
  const MicroBatches model(mixture, {.rows = 2});
  const Schedule schedule = vp();
  auto all = samplers(10);
  all["dpm-solver-3"] = on_grid(9, 3, with(sample_dpm_solver, 3));
  all["annealed-langevin"] =
      on_grid(10, 1, with(sample_annealed_langevin, Annealing{.steps_per_level = 2}));
  all.erase("ode");  // one step size for a batch
  const auto of = [&](const Sampler& sampler, const SampleIds& ids) {
    return sampler(
               model, schedule, {.seed = 4, .ids = ids, .shape = {D}, .options = at::kDouble}, {})
        .x;
  };
  for (const auto& [name, sampler] : all) {
    SCOPED_TRACE(name);
    const at::Tensor some = of(sampler, {3, 11, 7, 1000000});
    const at::Tensor others = of(sampler, {7, 2, 3, 5, 11, 12, 13});
    EXPECT_TRUE(at::equal(some[0], others[2]));
    EXPECT_TRUE(at::equal(some[1], others[4]));
    EXPECT_TRUE(at::equal(some[2], others[0]));
    EXPECT_FALSE(at::equal(some[0], some[1]));
  }
}

TEST(Meta, AStepNeverTouchesTheNumbers) {
  // On the meta device tensors have no data: a hidden .item() or host copy throws.
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const GaussianScore model(at::zeros({1, 4, 4}, meta), at::ones({1, 4, 4}, meta));
  const at::Tensor x = at::empty({2, 1, 4, 4}, meta);
  const Schedule schedule = vp();
  const ReverseSde sde{schedule, model};
  const Increment<at::Tensor> dB = TensorIncrements(1, {0, 1}, x).increment({0, 0.0, 0.1});
  EXPECT_EQ(dB.W.device().type(), at::kMeta);
  EXPECT_EQ(EulerMaruyama{}.step(sde, x, 0.0, 0.1, dB).sizes(), x.sizes());
  EXPECT_EQ(Heun{}.step(sde, x, 0.0, 0.1, dB).sizes(), x.sizes());
  EXPECT_EQ(langevin_step(model, x, schedule.at(0.5), 0.16, dB.W).sizes(), x.sizes());
  EXPECT_EQ((ProbabilityFlow{schedule, model}(x, 0.5)).sizes(), x.sizes());
  EXPECT_EQ(denoised_at(model, x, schedule.at(0.5)).sizes(), x.sizes());
  LikelihoodFlow flow(model, {1, 4, 4}, at::kFloat, Trace::hutchinson, {.rows = 2});
  flow.set_probes(make_probes(Probe::rademacher, 2, 1, {0, 1}, x));
  const at::Tensor state = at::empty({2, 18}, meta.dtype(at::kDouble));
  EXPECT_EQ(flow(state).sizes(), state.sizes());
}

TEST(Meta, SamplersOnAGridNeverReadFromTheDevice) {
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  const Draw draw{.seed = 1, .ids = {0, 1}, .shape = {1, 4, 4}, .options = meta};
  auto all = samplers(10);
  all["annealed-langevin"] =
      on_grid(10, 1, with(sample_annealed_langevin, Annealing{.steps_per_level = 2}));
  all.erase("ode");  // adaptive: the host reads the error once a step
  for (const int order : {1, 2, 3}) {
    all["dpm-solver-" + std::to_string(order)] = on_grid(9, order, with(sample_dpm_solver, order));
  }
  for (const Schedule& schedule : all_schedules()) {
    for (const auto parametrisation : {Parametrisation::eps, Parametrisation::edm_denoiser}) {
      const auto model = from_network(
          [](const at::Tensor& x, const at::Tensor& label) { return beside(label, x) * x; },
          parametrisation,
          NoiseLabel::log_snr,
          schedule);
      for (const auto& [name, sampler] : all) {
        SCOPED_TRACE(name + " under " + schedule.name);
        const Samples found = sampler(*model, schedule, draw, {});
        EXPECT_TRUE(found.x.is_meta());
        EXPECT_EQ(found.x.sizes(), (std::vector<std::int64_t>{2, 1, 4, 4}));
      }
    }
  }
}

}  // namespace
}  // namespace stochflow::diffusion
