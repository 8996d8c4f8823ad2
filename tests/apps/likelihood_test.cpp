#ifdef STOCHFLOW_HAS_DIFFUSION

#include "likelihood.hpp"

#include <gtest/gtest.h>

#include <set>

#include "likelihood/settings.hpp"
#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

// Few noise levels and loose tolerances: what is tried is which images are taken, not their
// figures.
LikelihoodRequest loose(std::int64_t first, std::int64_t last) {
  return {.first = first,
          .last = last,
          .gamma_min = -3,
          .gamma_max = 2,
          .atol = 1,
          .atol_logp = 100,
          .check = 0};
}

TEST(Likelihood, StopsAtTheStandardErrorAimedAtWithImagesOfTheWholeRange) {
  LikelihoodRequest request = loose(100, 400);
  request.target_se = 1;
  const LikelihoodReport report = run_likelihood(request);
  EXPECT_EQ(report.images.size(), 64U);  // the first round does
  EXPECT_LE(report.bpd_standard_error, 1);
  std::set<std::int64_t> numbers;
  for (const ScoredImage& image : report.images) numbers.insert(image.image);
  EXPECT_EQ(numbers.size(), 64U);
  EXPECT_GE(*numbers.begin(), 100);
  EXPECT_LT(*numbers.rbegin(), 400);
  // Drawn at random: so many of one half have a probability below 1e-9.
  const auto lower = std::distance(numbers.begin(), numbers.lower_bound(250));
  EXPECT_GT(lower, 10);
  EXPECT_LT(lower, 54);
  // Each with the figure that it has alone.
  const ScoredImage& some = report.images[17];
  const LikelihoodReport alone = run_likelihood(loose(some.image, some.image + 1));
  EXPECT_EQ(alone.images[0].bpd, some.bpd);
}

TEST(Likelihood, TakesAllImagesWhereTheErrorCannotBeReached) {
  LikelihoodRequest request = loose(5, 9);
  request.target_se = 1e-9;
  EXPECT_EQ(run_likelihood(request).images.size(), 4U);
}

TEST(Likelihood, HasTheSameBitsForAnyBatchAndNumberOfThreads) {
  LikelihoodRequest request = loose(5, 10);
  request.bound = 2;
  request.batch = 2;
  request.threads = 1;
  const LikelihoodReport few = run_likelihood(request);
  request.batch = 64;
  request.threads = 2;
  const LikelihoodReport many = run_likelihood(request);
  EXPECT_EQ(entry_of(few.images[4]), entry_of(many.images[4]));
  EXPECT_EQ(few.bpd_mean, many.bpd_mean);
  EXPECT_EQ(few.bound.mean, many.bound.mean);
}

TEST(Likelihood, MethodAndTolerancesSuitEachOther) {
  const LikelihoodRequest plain = decided({});
  EXPECT_EQ(plain.method, "adams");
  EXPECT_EQ(plain.atol, 0.03);
  EXPECT_EQ(plain.atol_logp, 1);
  const LikelihoodRequest pair = decided({.method = "dormand-prince54", .atol_logp = 0.7});
  EXPECT_EQ(pair.atol, 0.01);
  EXPECT_EQ(pair.atol_logp, 0.7);  // what was asked for stays
  EXPECT_EQ(decided({.dequantise = "truncated-normal"}).atol, 0.015);
  EXPECT_EQ(decided({.solver = "odeint"}).method, "dormand-prince54");
  EXPECT_THROW(check(decided({.probe_changes = 4, .solver = "odeint"})), UsageError);
}

// The images solved again are the very draws that were scored: noise drawn anew would move each by
// some 0.04 bits/dim.
TEST(Likelihood, TheBudgetOfNoisedImagesIsOfTheSameNoise) {
  LikelihoodRequest request = loose(5, 7);
  request.atol = LikelihoodRequest{}.atol;
  request.atol_logp = LikelihoodRequest{}.atol_logp;
  request.check = 2;
  std::set<double> means;
  for (const char* const kind : {"noised", "decoded"}) {
    SCOPED_TRACE(kind);
    request.dequantise = kind;
    const LikelihoodReport report = run_likelihood(request);
    EXPECT_EQ(report.budget.images, 2);
    EXPECT_GT(report.budget.solver_rms, 0);
    EXPECT_LT(report.budget.solver_rms, 0.01);
    EXPECT_EQ(report.budget.cut_off, 0);
    means.insert(report.bpd_mean);
  }
  EXPECT_EQ(means.size(), 2U);  // the same noise, but not the same price
}

// What palettes are for: the same images, the same network, fewer bits.
TEST(Likelihood, PalettesLowerIt) {
  LikelihoodRequest request{.first = 0, .last = 6, .gamma_min = -14, .check = 0};
  request.dequantise = "decoded";
  const double plain = run_likelihood(request).bpd_mean;
  request.palettes = "mnist-palettes";
  const double with = run_likelihood(request).bpd_mean;
  EXPECT_LT(with, plain - 0.02);
  EXPECT_NE(settings_of(request), settings_of(LikelihoodRequest{}));
  request.palettes = "mnist";  // a network
  EXPECT_THROW(run_likelihood(request), std::runtime_error);
}

// Values in the middle of their levels and values anywhere in them cost the same code length, when
// the head knows which they are.
TEST(Likelihood, ANetworkWithPalettesKnowsWhereValuesLieInTheirLevels) {
  LikelihoodRequest request{.first = 0, .last = 6, .gamma_min = -12, .check = 0};
  request.model = "mnist-likelihood";
  request.dequantise = "decoded";
  const double anywhere = run_likelihood(request).bpd_mean;
  request.dequantise = "truncated-normal";
  request.gamma_min = -13.3;
  EXPECT_NEAR(run_likelihood(request).bpd_mean, anywhere, 0.02);
}

// 0.02 bits/dim is Hutchinson's noise of one image.
TEST(Likelihood, TheGaussianVariateMovesAFigureByLittle) {
  LikelihoodRequest request{.first = 0, .last = 1, .atol = 0.3, .atol_logp = 10, .check = 0};
  const double plain = run_likelihood(request).bpd_mean;
  request.variate = "gaussian";
  const double with = run_likelihood(request).bpd_mean;
  EXPECT_NE(with, plain);
  EXPECT_NEAR(with, plain, 0.1);
  request.trace = "exact";
  EXPECT_THROW(check(request), UsageError);
  request.variate = "cubic";
  EXPECT_THROW(check(request), UsageError);
}

TEST(Likelihood, TheBoundBesideItIsOfTheSameImages) {
  LikelihoodRequest request = loose(5, 9);
  request.bound = 3;
  const LikelihoodReport report = run_likelihood(request);
  EXPECT_EQ(report.bound.levels, 3);
  EXPECT_NEAR(report.bound.above_flow, report.bound.mean - report.bpd_mean, 1e-12);
  const nlohmann::json results = likelihood_results(report);
  EXPECT_EQ(results.at("bound").at("bpd_mean"), report.bound.mean);
  request.bound = 0;
  EXPECT_TRUE(likelihood_results(run_likelihood(request)).at("bound").is_null());
  request.bound = 3;
  request.dequantise = "truncated-normal";
  EXPECT_THROW(check(request), UsageError);
}

}  // namespace
}  // namespace stochflow::apps

#endif
