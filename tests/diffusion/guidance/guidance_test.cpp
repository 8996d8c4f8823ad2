// Conditioned models and samplers against posteriors that are known.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/guidance/decoupled_channels.hpp"
#include "stochflow/diffusion/guidance/dps.hpp"
#include "stochflow/diffusion/guidance/guided.hpp"
#include "stochflow/diffusion/guidance/linear_operator.hpp"
#include "stochflow/diffusion/guidance/measured.hpp"
#include "stochflow/diffusion/guidance/repaint.hpp"
#include "stochflow/diffusion/samplers/dpmpp.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

at::Tensor some(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::increments);
  return normals(stream, sample_range(0, shape[0]), 0, at::empty(shape, at::kDouble));
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(LinearOperator, AdjointsAreAdjoint) {
  const at::Tensor x = some({2, 3, 8, 12}, 1);
  const at::Tensor known = (some({3, 8, 12}, 2) > 0).to(at::kDouble);
  const LinearOperator operators[] = {
      known_pixels(known), mean_of_squares(4), gaussian_blur(1.5, 3), mean_of_channels(3)};
  for (const LinearOperator& A : operators) {
    const at::Tensor Ax = A.apply(x), y = some(Ax.sizes().vec(), 3);
    EXPECT_NEAR((Ax * y).sum().item<double>(), (x * A.adjoint(y)).sum().item<double>(), 1e-11);
  }
  const LinearOperator matrix = matrix_operator(some({2, 5}, 4));
  const at::Tensor v = some({3, 5}, 5), w = some({3, 2}, 6);
  EXPECT_NEAR((matrix.apply(v) * w).sum().item<double>(),
              (v * matrix.adjoint(w)).sum().item<double>(),
              1e-12);
  EXPECT_THROW(mean_of_squares(5).apply(x), std::invalid_argument);
}

TEST(LinearOperator, DoWhatTheySay) {
  const at::Tensor ramp = at::arange(16, at::kDouble).view({1, 1, 4, 4});
  EXPECT_TRUE(
      at::equal(mean_of_squares(2).apply(ramp).flatten(), doubles({2.5, 4.5, 10.5, 12.5}, {4})));
  const at::Tensor one = at::ones({1, 1, 9, 9}, at::kDouble);
  EXPECT_NEAR(gaussian_blur(1, 2).apply(one)[0][0][4][4].item<double>(), 1, 1e-12);
  const at::Tensor colours = at::stack({ramp[0][0], 3 * ramp[0][0]}).unsqueeze(0);
  EXPECT_TRUE(at::allclose(mean_of_channels(2).apply(colours), 2 * ramp));
}

// With the exact class probability the guided model is the model of the class, everywhere.
TEST(Guided, ByTheExactClassProbabilityIsTheClassesModel) {
  const MixtureScore all = mixture();
  const MixtureScore of_class(doubles({0.3, 0.2}, {2}),
                              doubles({1, 0.25, 0.2, -1}, {2, 2}),
                              doubles({0.1, 0.04, 0.2, 0.02}, {2, 2}));
  const Guided guided(all, [&](const at::Tensor& z, const at::Tensor& gamma) {
    return std::log(0.5) + of_class.log_density(z, gamma) - all.log_density(z, gamma);
  });
  const at::Tensor z = some({40, 2}, 7);
  const at::Tensor gamma = at::linspace(-6, 4, 40, at::kDouble);
  // The third mode of mixture() has weights by component; of_class has two of the three.
  EXPECT_GT(largest(all.eps(z, gamma) - of_class.eps(z, gamma)), 0.1);
  EXPECT_LT(largest(guided.eps(z, gamma) - of_class.eps(z, gamma)), 1e-10);
  const Guided unguided(
      all, [&](const at::Tensor& z0, const at::Tensor& g) { return all.log_density(z0, g); }, 0);
  EXPECT_LT(largest(unguided.eps(z, gamma) - all.eps(z, gamma)), 1e-15);
  const Guided cut(all, [](const at::Tensor& z0, const at::Tensor&) { return z0.detach().sum(1); });
  EXPECT_THROW(cut.eps(z, gamma), std::runtime_error);
}

TEST(ClassifierFree, RunsThroughBothModels) {
  const GaussianScore a = diagonal_gaussian(), b = correlated_gaussian();
  const at::Tensor z = some({5, 3}, 8), gamma = at::linspace(-4, 4, 5, at::kDouble);
  const at::Tensor with = a.eps(z, gamma), without = b.eps(z, gamma);
  EXPECT_LT(largest(ClassifierFree(a, b, 0).eps(z, gamma) - without), 1e-14);
  EXPECT_LT(largest(ClassifierFree(a, b, 1).eps(z, gamma) - with), 1e-14);
  EXPECT_LT(largest(ClassifierFree(a, b, 3).eps(z, gamma) - (3 * with - 2 * without)), 1e-13);
}

struct GaussianPosterior {
  at::Tensor factor = doubles({0.6, 0, 0, 0.3, 0.5, 0, -0.2, 0.4, 0.7}, {3, 3});
  at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), covariance = factor.matmul(factor.t());
  at::Tensor A = doubles({1, 0, 0.5, 0, 2, -1}, {2, 3});
  double noise = 0.2;
  at::Tensor y = doubles({0.3, -1.5}, {1, 2});

  /// Kalman's formulas.
  GaussianScore exact() const {
    const at::Tensor S =
        A.matmul(covariance).matmul(A.t()) + noise * noise * at::eye(2, A.options());
    const at::Tensor K = covariance.matmul(A.t()).matmul(at::linalg_inv(S));
    const at::Tensor C = covariance - K.matmul(A).matmul(covariance);
    return {mean + K.matmul(y[0] - A.mv(mean)), 0.5 * (C + C.t())};
  }
  Measurement measurement(std::int64_t B) const {
    return {.A = matrix_operator(A), .y = y.expand({B, 2}), .noise_std = noise};
  }
};

// For Gaussian data moment matching is exact at every noise level, once the conjugate gradients
// have as many iterations as there are measurements.
TEST(Measured, IsThePosteriorsModelForGaussianData) {
  const GaussianPosterior posterior;
  const GaussianScore prior = correlated_gaussian(), exact = posterior.exact();
  const at::Tensor z = some({30, 3}, 9), gamma = at::linspace(-7, 5, 30, at::kDouble);
  const Measured measured(prior, posterior.measurement(30), 2);
  EXPECT_LT(largest(measured.eps(z, gamma) - exact.eps(z, gamma)), 1e-8);
  // More iterations than needed do no harm, fewer do.
  const Measured more(prior, posterior.measurement(30), 6);
  EXPECT_LT(largest(more.eps(z, gamma) - exact.eps(z, gamma)), 1e-8);
  const Measured fewer(prior, posterior.measurement(30), 1);
  EXPECT_GT(largest(fewer.eps(z, gamma) - exact.eps(z, gamma)), 1e-3);
  Measurement noiseless = posterior.measurement(30);
  noiseless.noise_std = 0;
  EXPECT_THROW(Measured(prior, noiseless), std::invalid_argument);
}

/// eps = M z: a network whose Jacobian is no posterior's covariance, not being symmetric.
struct Askew final : NoisePredictor {
  at::Tensor M;
  explicit Askew(at::Tensor of) : M(std::move(of)) {}
  at::Tensor eps(const at::Tensor& z, const at::Tensor&) const override { return z.matmul(M.t()); }
};

// What is solved for is read off eps - s J^T A^T v.
TEST(Measured, NeverLeavesALargerResidualBecauseANetworkIsNoPosterior) {
  const GaussianPosterior of;
  const double gamma = 0.5, noise = of.noise;
  const double a = std::sqrt(1 / (1 + std::exp(gamma))), s = std::sqrt(1 - a * a);
  const at::Tensor one = at::eye(3, at::kDouble), z = some({1, 3}, 9);
  double worst = 0;
  for (std::uint64_t k = 0; k < 300; ++k) {
    const Askew model(0.7 * one + 0.6 * some({3, 3}, 100 + k));
    const Measured measured(model, of.measurement(1), 3);
    const at::Tensor moved =
        measured.eps(z, at::full({1}, gamma, at::kDouble)) - z.matmul(model.M.t());
    const at::Tensor J = (one - s * model.M) / a;
    const at::Tensor JtAt = J.t().matmul(of.A.t());
    const at::Tensor v = at::linalg_pinv(JtAt).matmul(moved.t()) / -s;
    const at::Tensor C = noise * noise * at::eye(2, at::kDouble) + s * s / a * of.A.matmul(JtAt);
    const at::Tensor residual = (of.y - z.matmul(J.t()).matmul(of.A.t())).t();
    const double left = (residual - C.matmul(v)).norm().item<double>();
    worst = std::max(worst, left / residual.norm().item<double>());
  }
  EXPECT_LT(worst, 3 + 1e-6);
  EXPECT_GT(worst, 1);  // or nothing was tried
}

// A mixture, of which one component is measured: the weights of the modes and the spread within.
TEST(Measured, FindsTheModesOfAMixturesPosterior) {
  const at::Tensor weights = doubles({0.5, 0.3, 0.2}, {3});
  const at::Tensor means = doubles({-1, 0.5, 1, 0.25, 0.2, -1}, {3, 2});
  const at::Tensor vars = doubles({0.05, 0.1, 0.1, 0.04, 0.2, 0.02}, {3, 2});
  const MixtureScore prior(weights, means, vars);
  constexpr std::int64_t n = 1500;
  const double noise = 0.3, seen = 0.1;
  const Measurement measurement{.A = matrix_operator(doubles({0, 1}, {1, 2})),
                                .y = at::full({n, 1}, seen, at::kDouble),
                                .noise_std = noise};
  const Measured measured(prior, measurement, 1);
  const Schedule schedule = linear_log_snr(-9, 6);
  const Draw draw{.seed = 4, .ids = sample_range(0, n), .shape = {2}, .options = at::kDouble};
  const Samples found = sample_dpmpp_sde(measured, schedule, draw, log_snr_times(schedule, 80), 1);
  const at::Tensor spread = vars.select(1, 1) + noise * noise;
  const at::Tensor evidence =
      weights * (-0.5 * (seen - means.select(1, 1)).square() / spread).exp() / spread.sqrt();
  const at::Tensor exact = evidence / evidence.sum();
  // The first mode lies at x < 0, the second at 1; the third has nearly no weight left.
  const double left = (found.x.select(1, 0) < -0.2).to(at::kDouble).mean().item<double>();
  RecordProperty("left", std::to_string(left));
  // The approximation p(x0|z) = Gaussian costs 0.05 at most here; the rest is sampling.
  EXPECT_NEAR(left, exact[0].item<double>(), 0.05 + 5.5 * 0.5 / std::sqrt(n));
  EXPECT_GT(std::abs(left - 0.5), 0.05);
  // Within the first mode, far from the others, moment matching is exact but for the time when the
  // modes were one: what was measured has moved and narrowed it by Kalman's formulas.
  const at::Tensor second = found.x.select(1, 1).masked_select(found.x.select(1, 0) < -0.2);
  const double gain = 0.1 / (0.1 + noise * noise), variance = 0.1 * (1 - gain);
  const double count = static_cast<double>(second.numel());
  // 0.03 and 0.015 is what the time before costs here.
  EXPECT_NEAR(second.mean().item<double>(),
              0.5 + gain * (seen - 0.5),
              0.03 + 5.5 * std::sqrt(variance / count));
  EXPECT_NEAR(second.var().item<double>(), variance, 0.015 + 5.5 * variance * std::sqrt(2 / count));
}

/// Two components with unit variances and correlation 0.8; the first is known to be 1.5, so the
/// second is N(1.2, 0.36).
struct Pair {
  GaussianScore prior{doubles({0, 0}, {2}), doubles({1, 0.8, 0.8, 1}, {2, 2})};
  Schedule schedule = linear_log_snr(-8, 5);
  static constexpr std::int64_t n = 4000;
  Draw draw{.seed = 2, .ids = sample_range(0, n), .shape = {2}, .options = at::kDouble};

  at::Tensor second(int resamples, std::int64_t steps = 40) const {
    const KnownPart part{.known = doubles({1, 0}, {2}), .values = doubles({1.5, 99}, {2})};
    const Samples found = sample_repaint(
        prior, schedule, draw, log_snr_times(schedule, steps), part, resamples, {.denoise = true});
    EXPECT_TRUE(found.outcome.ok());
    EXPECT_TRUE(at::equal(found.x.select(1, 0), at::full({n}, 1.5, at::kDouble)));
    return found.x.select(1, 1);
  }
};

TEST(Repaint, ComesToTheConditionalLawAsItResamples) {
  const Pair pair;
  const double se = 0.6 / std::sqrt(Pair::n);
  const at::Tensor replaced = pair.second(1), repainted = pair.second(12);
  // Replacement alone comes too late and misses the mean by tens of standard errors.
  EXPECT_LT(replaced.mean().item<double>(), 1.2 - 10 * se);
  EXPECT_NEAR(repainted.mean().item<double>(), 1.2, 0.02 + 5.5 * se);
  EXPECT_NEAR(repainted.var().item<double>(), 0.36, 0.02 + 5.5 * 0.36 * std::sqrt(2.0 / Pair::n));
  EXPECT_THROW(pair.second(0), std::invalid_argument);
}

TEST(Repaint, PutsTheKnownPartInAtTheLevelReached) {
  const Pair pair;
  const KnownPart part{.known = doubles({1, 0}, {2}), .values = doubles({1.5, 0}, {2})};
  int seen = 0;
  const auto observer = [&](const at::Tensor& x, double t) {
    if (t == pair.schedule.t1) return;
    const Level level = pair.schedule.at(t);
    const at::Tensor noise = x.select(1, 0) / level.alpha() - 1.5;
    const double spread = noise.square().mean().sqrt().item<double>();
    EXPECT_NEAR(spread / level.sigma_hat(), 1, 5.5 / std::sqrt(2.0 * Pair::n)) << t;
    ++seen;
  };
  sample_repaint(pair.prior,
                 pair.schedule,
                 pair.draw,
                 log_snr_times(pair.schedule, 6),
                 part,
                 2,
                 {.observer = observer});
  EXPECT_EQ(seen, 6);
}

// Three channels of one pixel. In the new coordinates the model is that of the turned Gaussian, and
// the first coordinate is the mean's.
TEST(DecoupledChannels, IsTheModelInCoordinatesOfWhichOneIsTheMean) {
  const GaussianPosterior prior;
  const GaussianScore model{prior.mean, prior.covariance};
  const DecoupledChannels decoupled(model, 3);
  const at::Tensor Q = decoupled.decoupled(at::eye(3, at::kDouble)).t();
  EXPECT_LT(largest(Q.matmul(Q.t()) - at::eye(3, at::kDouble)), 1e-14);
  const GaussianScore turned{Q.mv(prior.mean), Q.matmul(prior.covariance).matmul(Q.t())};
  const at::Tensor w = some({30, 3}, 9), gamma = at::linspace(-7, 5, 30, at::kDouble);
  EXPECT_LT(largest(decoupled.eps(w, gamma) - turned.eps(w, gamma)), 1e-11);
  EXPECT_GT(largest(decoupled.eps(w, gamma) - model.eps(w, gamma)), 0.1);

  const at::Tensor x = some({2, 3, 4, 5}, 10), there = decoupled.decoupled(x);
  EXPECT_LT(largest(there.select(1, 0) - std::sqrt(3) * x.mean(1)), 1e-14);
  EXPECT_LT(largest(decoupled.coupled(there) - x), 1e-14);
  EXPECT_THROW(DecoupledChannels(model, 0), std::invalid_argument);
}

// Of a colour the mean of the channels is known: the colour's law given it, by Kalman's formulas.
TEST(Repaint, OfDecoupledChannelsComesToTheLawGivenTheMean) {
  constexpr std::int64_t n = 4000;
  GaussianPosterior posterior;
  posterior.A = doubles({1.0 / 3, 1.0 / 3, 1.0 / 3}, {1, 3});
  const double mean = 0.4;
  const at::Tensor C = posterior.covariance, gain = C.matmul(posterior.A[0]);
  const at::Tensor variance = posterior.A[0].dot(gain);
  const at::Tensor expected =
      posterior.mean + gain * (mean - posterior.A[0].dot(posterior.mean)) / variance;
  const at::Tensor spread = C - at::outer(gain, gain) / variance;

  const GaussianScore prior{posterior.mean, C};
  const DecoupledChannels model(prior, 3);
  const Schedule schedule = linear_log_snr(-8, 5);
  const Draw draw{.seed = 3, .ids = sample_range(0, n), .shape = {3}, .options = at::kDouble};
  const KnownPart part{.known = doubles({1, 0, 0}, {3}),
                       .values = model.decoupled(at::full({1, 3}, mean, at::kDouble))};
  const Samples found = sample_repaint(
      model, schedule, draw, log_snr_times(schedule, 40), part, 12, {.denoise = true});
  const at::Tensor x = model.coupled(found.x);
  EXPECT_LT(largest(x.mean(1) - mean), 1e-14);
  for (std::int64_t k = 0; k < 3; ++k) {
    const double v = spread[k][k].item<double>();
    const at::Tensor channel = x.select(1, k);
    EXPECT_NEAR(
        channel.mean().item<double>(), expected[k].item<double>(), 0.02 + 5.5 * std::sqrt(v / n));
    EXPECT_NEAR(channel.var().item<double>(), v, 0.02 + 5.5 * v * std::sqrt(2.0 / n));
  }
}

// One step with two lengths zeta and the same noise: their difference is the published step, the
// gradient of |y - A D(z)| at fixed noise level in the paper's variance-preserving frame. For
// Gaussian data D and its Jacobian are known.
TEST(Dps, StepsDownTheGradientOfTheDistanceToTheMeasurement) {
  const GaussianPosterior posterior;
  const GaussianScore prior{posterior.mean, posterior.covariance};
  const Schedule schedule = linear_log_snr(-3, 1);
  const std::vector<double> times = {schedule.t1, schedule.t0};
  const Draw draw{.seed = 2, .ids = sample_range(0, 5), .shape = {3}, .options = at::kDouble};
  const Measurement measurement = posterior.measurement(5);
  at::Tensor start;
  const auto observer = [&](const at::Tensor& x, double t) {
    if (t == schedule.t1) start = x.clone();
  };
  const auto run = [&](double zeta) {
    return sample_dps(prior,
                      schedule,
                      draw,
                      times,
                      measurement,
                      zeta,
                      {.denoise = false, .observer = observer})
        .x;
  };
  const at::Tensor moved = run(0.75) - run(0.25);
  const Level high = schedule.at(schedule.t1);
  // z = a x0 + s eps: D(z) = m + J (z - a m), J = a C (a^2 C + s^2)^-1.
  const double a = high.alpha(), s2 = high.sigma * high.sigma;
  const at::Tensor identity = at::eye(3, at::kDouble), C = posterior.covariance;
  const at::Tensor J = a * C.matmul(at::linalg_inv(a * a * C + s2 * identity));
  const at::Tensor D = posterior.mean + (start - a * posterior.mean).matmul(J.t());
  const at::Tensor residual = measurement.y - D.matmul(posterior.A.t());
  const at::Tensor gradient =
      -residual.matmul(posterior.A).matmul(J) / residual.norm(2, 1).unsqueeze(1);
  EXPECT_LT(largest(moved + 0.5 * gradient), 1e-10);
}

TEST(Dps, PullsEverySampleByItselfTowardsTheMeasurement) {
  const Pair pair;
  const Measurement measurement{.A = matrix_operator(doubles({1, 0}, {1, 2})),
                                .y = doubles({1.5}, {1, 1}),
                                .noise_std = 0.05};
  const auto run = [&](const Draw& draw) {
    return sample_dps(
        pair.prior, pair.schedule, draw, log_snr_times(pair.schedule, 100), measurement, 0.3);
  };
  const at::Tensor x = run(pair.draw).x;
  EXPECT_LT(std::abs(x.select(1, 0).mean().item<double>() - 1.5), 0.1);
  Draw alone = pair.draw;
  alone.ids = {7};
  EXPECT_LT(largest(run(alone).x[0] - x[7]), 1e-12);
  EXPECT_THROW(
      sample_dps(pair.prior, pair.schedule, alone, log_snr_times(pair.schedule, 2), measurement, 0),
      std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
