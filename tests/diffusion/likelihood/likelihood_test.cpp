#include "stochflow/diffusion/likelihood/likelihood.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

/// The schedules with ends so noisy that the prior is right to 1e-8: what is left of the data there
/// is alpha1/sigma1.
std::vector<Schedule> schedules_with_exact_priors() {
  return {vp(0.1, 80),
          sub_vp(0.1, 80),
          ve(0.01, 1e8),
          sigma_t(1e9),
          edm(0.002, 1e8),
          linear_log_snr(-12, 38)};
}

LikelihoodOptions precise() {
  return {.trace = Trace::exact,
          .tolerance = {.atol = 1e-9, .atol_log_density = 1e-9},
          .batch = 4,
          .dtype = at::kDouble};
}

/// Points where the density is neither tiny nor special.
at::Tensor some_points(std::int64_t n, std::int64_t D) {
  return 0.7 * normals(RandomStream(5, Purpose::initial_state),
                       sample_range(0, n),
                       0,
                       at::empty({n, D}, at::kDouble));
}

void expect_log_density(const std::vector<ImageLikelihood>& found, const at::Tensor& expected) {
  const std::vector<double> right = to_vector(expected);
  ASSERT_EQ(found.size(), right.size());
  for (std::size_t i = 0; i < right.size(); ++i) {
    EXPECT_TRUE(found[i].outcome.ok()) << found[i].outcome.message();
    EXPECT_EQ(found[i].id, i);
    EXPECT_NEAR(found[i].log_density, right[i], 1e-6) << "point " << i;
  }
}

TEST(Likelihood, IsExactOnGaussiansAndMixturesForEverySchedule) {
  const GaussianScore gaussian = correlated_gaussian();
  const MixtureScore modes = mixture();
  for (const Schedule& schedule : schedules_with_exact_priors()) {
    SCOPED_TRACE(schedule.name);
    const Level start = schedule.at(schedule.t0);
    const at::Tensor x3 = some_points(3, 3), x2 = some_points(3, 2);
    for (const LikelihoodSolver solver : {LikelihoodSolver::per_image, LikelihoodSolver::odeint}) {
      LikelihoodOptions options = precise();
      options.solver = solver;
      expect_log_density(log_likelihood(gaussian, schedule, x3, sample_range(0, 3), options),
                         log_density_at(gaussian, x3, start));
      expect_log_density(log_likelihood(modes, schedule, x2, sample_range(0, 3), options),
                         log_density_at(modes, x2, start));
    }
  }
}

TEST(Likelihood, EveryMethodConvergesToTheSameValue) {
  const MixtureScore modes = mixture();
  const at::Tensor x = some_points(3, 2);
  const Schedule schedule = linear_log_snr(-6, 38);
  for (const BatchMethod& method : {BatchMethod(bogacki_shampine32),
                                    BatchMethod(dormand_prince54),
                                    BatchMethod(tsitouras54),
                                    BatchMethod(Adams{})}) {
    SCOPED_TRACE(name(method));
    LikelihoodOptions options = precise();
    options.method = method;
    options.tolerance = {.atol = 1e-8, .atol_log_density = 1e-8};
    expect_log_density(log_likelihood(modes, schedule, x, sample_range(0, 3), options),
                       log_density_at(modes, x, schedule.at(schedule.t0)));
  }
}

// Half of gamma makes the steps of gamma; the schedule's time makes others, to the same value.
TEST(Likelihood, EveryClockLeadsToTheSameValue) {
  const MixtureScore modes = mixture();
  const at::Tensor x = some_points(3, 2);
  const SampleIds ids = sample_range(0, 3);
  for (const Schedule& schedule : schedules_with_exact_priors()) {
    SCOPED_TRACE(schedule.name);
    const at::Tensor right = log_density_at(modes, x, schedule.at(schedule.t0));
    const auto by = [&](Clock clock, LikelihoodOptions options) {
      options.clock = clock;
      const auto found = log_likelihood(modes, schedule, x, ids, options);
      expect_log_density(found, right);
      return found[0].nfe;
    };
    LikelihoodOptions pair = precise(), adams = precise(), odeint = precise();
    adams.method = Adams{};
    adams.tolerance = {.atol = 1e-8, .atol_log_density = 1e-8};
    odeint.solver = LikelihoodSolver::odeint;
    const std::int64_t usual = by(Clock::gamma, pair);
    EXPECT_EQ(by(Clock::log_sigma, pair), usual);
    by(Clock::time, pair);
    by(Clock::time, adams);
    by(Clock::time, odeint);
    EXPECT_EQ(by(Clock::log_sigma, odeint), by(Clock::gamma, odeint));
    // Probes that change at given levels change there by every clock; the exact trace asks none,
    // but steps end there.
    pair.probe_changes = {schedule.at(schedule.t0).gamma + 3};
    EXPECT_EQ(by(Clock::log_sigma, pair), by(Clock::gamma, pair));
    by(Clock::time, pair);
  }
}

TEST(Likelihood, WorksInTheShapeAndPrecisionOfImages) {
  const GaussianScore pixels(at::full({1, 2, 2}, -0.5, at::kDouble),
                             at::full({1, 2, 2}, 0.3, at::kDouble));
  const at::Tensor x = some_points(2, 4).view({2, 1, 2, 2});
  const Schedule schedule = linear_log_snr(-10, 25);
  LikelihoodOptions options = precise();
  options.trace = Trace::hutchinson;
  options.dtype = at::kFloat;
  options.tolerance = {.atol = 1e-4, .atol_log_density = 1e-4};
  const auto found = log_likelihood(pixels, schedule, x, sample_range(0, 2), options);
  const auto right = to_vector(log_density_at(pixels, x, schedule.at(0)));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(found[i].log_density, right[i], 2e-3);
}

TEST(Likelihood, RademacherProbesAreExactForDiagonalJacobians) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor x = some_points(3, 3);
  const Schedule schedule = linear_log_snr(-8, 38);
  LikelihoodOptions options = precise();
  options.trace = Trace::hutchinson;
  expect_log_density(log_likelihood(gaussian, schedule, x, sample_range(0, 3), options),
                     log_density_at(gaussian, x, schedule.at(0)));
}

TEST(Divergence, HutchinsonIsUnbiasedWithTheKnownVariance) {
  const GaussianScore gaussian = correlated_gaussian();
  constexpr std::int64_t n = 20000;
  const at::Tensor z = some_points(1, 3).expand({n, 3}).contiguous();
  const at::Tensor gamma = at::full({n}, -1.0, at::kDouble);
  const at::Tensor one = z.slice(0, 0, 1), gamma_one = gamma.slice(0, 0, 1);
  const double exact = noise_divergence_exact(gaussian, one, gamma_one).divergence.item<double>();
  // The Jacobian, column by column: it is constant for a Gaussian.
  at::Tensor J = at::zeros({3, 3}, at::kDouble);
  for (std::int64_t k = 0; k < 3; ++k) {
    at::Tensor step = at::zeros({1, 3}, at::kDouble);
    step[0][k] = 1;
    J.select(1, k).copy_((gaussian.eps(one + step, gamma_one) - gaussian.eps(one, gamma_one))[0]);
  }
  EXPECT_NEAR(exact, J.trace().item<double>(), 1e-12);
  const double off_diagonal = (J - J.diagonal().diag()).square().sum().item<double>();
  const double all = J.square().sum().item<double>();
  const std::map<Probe, double> variance{{Probe::rademacher, 2 * off_diagonal},
                                         {Probe::gaussian, 2 * all}};
  for (const auto& [probe, expected] : variance) {
    for (const std::int64_t count : {1, 3}) {
      const at::Tensor v = make_probes(probe, count, 11, sample_range(0, n), z);
      EXPECT_EQ(v.sizes(), at::IntArrayRef({count, n, 3}));
      const at::Tensor estimates = noise_divergence(gaussian, z, gamma, v).divergence;
      const double each = expected / static_cast<double>(count);
      EXPECT_LT(std::abs(estimates.mean().item<double>() - exact), 6 * std::sqrt(each / n));
      EXPECT_NEAR(estimates.var().item<double>() / each, 1, 0.1);
    }
  }
}

TEST(Divergence, SaysWhyThereIsNoGradient) {
  const GaussianScore gaussian = diagonal_gaussian();
  const at::Tensor z = some_points(2, 3), gamma = at::zeros({2}, at::kDouble);
  const auto message = [&](const NoisePredictor& model) -> std::string {
    try {
      noise_divergence_exact(model, z, gamma);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message(gaussian), "");
  {
    const c10::NoGradGuard outside;  // does not matter: the divergence switches gradients on
    EXPECT_EQ(message(gaussian), "");
  }
  {
    const c10::InferenceMode inference;
    EXPECT_NE(message(gaussian).find("InferenceMode is active"), std::string::npos);
  }
  struct Cut final : NoisePredictor {
    at::Tensor eps(const at::Tensor& z, const at::Tensor&) const override { return z.detach(); }
  };
  EXPECT_NE(message(Cut()).find("NoGradGuard"), std::string::npos);
}

/// x0 uniform on [-1, 1)^D: eps = (y - E[x0|y])/sh with E[x0|y] that of a truncated normal.
class FlatModel final : public NoisePredictor {
 public:
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    const at::Tensor sh = beside((0.5 * gamma).exp(), z);
    const at::Tensor y = z / beside(at::sigmoid(-gamma).sqrt(), z);
    const at::Tensor a = (-1 - y) / sh, b = (1 - y) / sh;
    return (density(b) - density(a)) / (cdf(b) - cdf(a)).clamp_min(1e-300);
  }
  static at::Tensor cdf(const at::Tensor& x) { return 0.5 * at::erfc(-x / std::numbers::sqrt2); }
  static at::Tensor density(const at::Tensor& x) {
    return (-0.5 * x.square()).exp() / std::sqrt(2 * std::numbers::pi);
  }
};

TEST(Likelihood, FlatModelCostsEightBits) {
  EXPECT_DOUBLE_EQ(bits_per_dim(-784 * std::numbers::ln2, 784), 8.0);

  // All 256 levels once, through dequantisation and the ODE. The density at gamma0 is that of the
  // smoothed box, known in closed form; sh = 3e-4 loses 1e-4 bits at the edges.
  const at::Tensor levels = at::arange(256, at::kLong).view({16, 16});
  const at::Tensor x = dequantised(levels, 3, sample_range(0, 16));
  const Schedule schedule = linear_log_snr(-16, 38);
  LikelihoodOptions options = precise();
  options.trace = Trace::hutchinson;
  options.batch = 16;
  options.tolerance = {.atol = 1e-7, .atol_log_density = 1e-7};
  const auto found = log_likelihood(FlatModel(), schedule, x, sample_range(0, 16), options);
  const double sh = schedule.at(0).sigma_hat(), alpha = schedule.at(0).alpha();
  const at::Tensor y = x / alpha;
  const at::Tensor p = (FlatModel::cdf((1 - y) / sh) - FlatModel::cdf((-1 - y) / sh)) / 2 / alpha;
  const std::vector<double> right = to_vector(p.log().sum(1));
  double bits = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(found[i].log_density, right[i], 1e-5);
    bits += bits_per_dim(found[i].log_density, 16) / 16;
  }
  EXPECT_NEAR(bits, 8, 1e-3);
}

TEST(Dequantised, FillsEachGreyLevelUniformly) {
  const at::Tensor levels = at::full({4, 5000}, 3, at::kByte);
  const at::Tensor x = dequantised(levels, 1, sample_range(10, 4));
  const at::Tensor u = (x + 1) * 128 - 3;
  EXPECT_TRUE(((u >= 0) & (u < 1)).all().item<bool>());
  EXPECT_LT(kolmogorov_smirnov(to_vector(u), [](double v) { return v; }), 3.0);
  EXPECT_TRUE(at::equal(dequantised(levels.slice(0, 2, 3), 1, {12}), x.slice(0, 2, 3)));
  EXPECT_FALSE(at::equal(dequantised(levels, 2, sample_range(10, 4)), x));
  EXPECT_THROW(dequantised(at::full({1, 2}, 256, at::kLong), 1, {0}), std::invalid_argument);
  EXPECT_THROW(dequantised(at::full({1, 2}, -1, at::kLong), 1, {0}), std::invalid_argument);
  EXPECT_THROW(dequantised(at::full({1, 2}, 0.5, at::kDouble), 1, {0}), std::invalid_argument);
}

TEST(Likelihood, AnImagesFigureDoesNotDependOnTheOthers) {
  const MixtureScore modes = mixture();
  const Schedule schedule = linear_log_snr(-8, 8);
  LikelihoodOptions options;
  options.dtype = at::kDouble;
  options.batch = 3;
  options.micro.rows = 2;
  const at::Tensor x = some_points(10, 2);
  std::int64_t reported = 0;
  const auto all = log_likelihood(
      modes, schedule, x, sample_range(0, 10), options, [&](const ImageLikelihood& image) {
        ++reported;
        EXPECT_TRUE(image.outcome.ok());
      });
  EXPECT_EQ(reported, 10);
  const SampleIds shuffled{7, 2, 9, 0, 4};
  options.batch = 4;
  options.micro.threads = 2;
  const auto few = log_likelihood(modes,
                                  schedule,
                                  x.index_select(0, at::tensor({7, 2, 9, 0, 4}, at::kLong)),
                                  shuffled,
                                  options);
  for (std::size_t k = 0; k < shuffled.size(); ++k) {
    const ImageLikelihood& same = all[shuffled[k]];
    EXPECT_EQ(few[k].log_density, same.log_density);
    EXPECT_EQ(few[k].nfe, same.nfe);
    EXPECT_EQ(few[k].rejected, same.rejected);
  }
}

TEST(Likelihood, SpyCountsTheEvaluationsThatAreReported) {
  struct Spy final : NoisePredictor {
    MixtureScore model = mixture();
    mutable std::int64_t calls = 0;
    at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
      ++calls;
      EXPECT_EQ(z.size(0), 2);
      EXPECT_LE(gamma.max().item<double>(), 8 + 1e-12);
      EXPECT_GE(gamma.min().item<double>(), -8 - 1e-12);
      return model.eps(z, gamma);
    }
  };
  for (const LikelihoodSolver solver : {LikelihoodSolver::per_image, LikelihoodSolver::odeint}) {
    const Spy spy;
    LikelihoodOptions options;
    options.dtype = at::kDouble;
    options.batch = 2;
    options.micro.rows = 2;
    options.solver = solver;
    const auto found =
        log_likelihood(spy, linear_log_snr(-8, 8), some_points(2, 2), sample_range(0, 2), options);
    const std::int64_t most = std::max(found[0].nfe, found[1].nfe);
    // The first step of a row evaluates its starting point once; the batch goes through all stages.
    EXPECT_EQ(spy.calls, solver == LikelihoodSolver::per_image ? most + 5 : most);
  }
}

TEST(Likelihood, RefusesDataThatAreNotFinite) {
  at::Tensor x = some_points(3, 2);
  x[1][0] = std::numeric_limits<double>::quiet_NaN();
  try {
    log_likelihood(mixture(), linear_log_snr(), x, {4, 5, 6}, {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("image 5"), std::string::npos);
  }
  EXPECT_THROW(log_likelihood(mixture(), linear_log_snr(), x, {4, 5}, {}), std::invalid_argument);
}

TEST(Likelihood, ReportsAnImageThatCannotBeIntegrated) {
  LikelihoodOptions options = precise();
  options.control.max_steps = 5;
  for (const LikelihoodSolver solver : {LikelihoodSolver::per_image, LikelihoodSolver::odeint}) {
    options.solver = solver;
    const auto found =
        log_likelihood(mixture(), linear_log_snr(), some_points(1, 2), sample_range(0, 1), options);
    EXPECT_EQ(found[0].outcome.status, Status::max_steps);
    EXPECT_TRUE(std::isnan(found[0].log_density));
  }
}

TEST(Budget, SolverErrorIsSeenByATighterRun) {
  const MixtureScore modes = mixture();
  const Schedule schedule = linear_log_snr(-8, 20);
  const at::Tensor x = some_points(8, 2);
  LikelihoodOptions loose = precise();
  loose.tolerance = {.atol = 1e-2, .atol_log_density = 1e-2};
  const auto ids = sample_range(0, 8);
  const auto rough = log_likelihood(modes, schedule, x, ids, loose);
  const auto fine = log_likelihood(modes, schedule, x, ids, tighter(loose));
  const auto truth = log_likelihood(modes, schedule, x, ids, precise());
  const Estimate seen = difference(rough, fine, 2), actual = difference(rough, truth, 2);
  EXPECT_GT(actual.rms, 1e-4);
  EXPECT_NEAR(seen.rms, actual.rms, 0.3 * actual.rms);
  EXPECT_NEAR(seen.mean, actual.mean, 0.3 * actual.rms);
  EXPECT_EQ(seen.count, 8);
}

TEST(Budget, EstimateIsMeanAndStandardError) {
  const Estimate found = estimate({1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(found.mean, 3);
  EXPECT_DOUBLE_EQ(found.standard_error, std::sqrt(14.0 / 3 / 4));
  EXPECT_DOUBLE_EQ(found.rms, std::sqrt(50.0 / 4));
  EXPECT_EQ(estimate({}).count, 0);
}

TEST(Budget, PriorMismatchIsTheGaussianDivergence) {
  // Two points: mean (0.5, 0), covariance diag(0.25, 1) along the axes.
  const at::Tensor x = doubles({0, -1, 1, 1, 0, 1, 1, -1}, {4, 2});
  const Schedule schedule = linear_log_snr(-10, 1);
  const double a2 = 1 / (1 + std::exp(1.0)), s2 = 1 - a2;
  const double v1 = a2 * 0.25 + s2, v2 = a2 + s2;
  const double kl = 0.5 * (v1 + v2 + a2 * 0.25 - 2 - std::log(v1) - std::log(v2));
  EXPECT_NEAR(prior_mismatch(schedule, x), kl / (2 * std::numbers::ln2), 1e-12);
  EXPECT_LT(prior_mismatch(linear_log_snr(-10, 20), x), 1e-9);
}

TEST(Budget, CutOffIsThatOfASmoothedBox) {
  // 200 x 500 uniform numbers under the exact model of the box, at a noise of 1 % of its width.
  const SampleIds ids = sample_range(0, 200);
  const at::Tensor u =
      uniforms(RandomStream(2, Purpose::initial_state), ids, 0, at::empty({200, 500}, at::kDouble));
  const at::Tensor x = 2 * u - 1;
  LikelihoodOptions options;
  options.dtype = at::kDouble;
  const Schedule schedule = ve(0.02, 50);
  const Estimate found = cut_off(FlatModel(), schedule, x, ids, options);
  const double sh = schedule.at(schedule.t0).sigma_hat();
  const at::Tensor p = FlatModel::cdf((1 - x) / sh) - FlatModel::cdf((-1 - x) / sh);
  const double lost = -p.log().mean().item<double>() / std::numbers::ln2;
  EXPECT_GT(lost, 0.005);
  EXPECT_NEAR(found.mean, lost, 6 * found.standard_error);
  EXPECT_LT(found.standard_error, 0.1 * lost);
}

}  // namespace
}  // namespace stochflow::diffusion
