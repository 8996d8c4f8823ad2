// Probes that change signs from one interval of noise levels to the next.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

at::Tensor probes(std::int64_t interval, const at::Tensor& z) {
  return probes_of_interval(interval, Probe::rademacher, 1, 5, sample_range(0, z.size(0)), z)[0];
}

// Products of two components of a probe, summed over four intervals: what multiplies an entry of
// the Jacobian off the diagonal. Neighbours of every kind have different colours.
TEST(Probes, OverFourIntervalsNeighboursCancel) {
  const at::Tensor z = at::empty({3, 1, 4, 6}, at::kDouble);
  at::Tensor sum = at::zeros({3, 24, 24}, at::kDouble);
  for (std::int64_t m = 0; m < 4; ++m) {
    const at::Tensor v = probes(m, z).flatten(1);
    EXPECT_TRUE(at::equal(v.square(), at::ones_like(v)));
    sum += v.unsqueeze(2) * v.unsqueeze(1);
  }
  const auto colour = [](std::int64_t pixel) {
    return std::pair((pixel / 6) % 2, (pixel % 6) % 2);
  };
  for (std::int64_t i = 0; i < 24; ++i) {
    for (std::int64_t j = 0; j < 24; ++j) {
      const double expected = colour(i) == colour(j) ? 4 : 0;
      EXPECT_TRUE(
          at::equal(sum.select(1, i).select(1, j).abs(), at::full({3}, expected, z.options())))
          << i << ' ' << j;
    }
  }
  EXPECT_TRUE(
      at::equal(probes(0, z), make_probes(Probe::rademacher, 1, 5, sample_range(0, 3), z)[0]));
  EXPECT_FALSE(at::equal(probes(4, z), probes(0, z)));
}

/// A row of pixels in which neighbours depend on each other.
at::Tensor chain_covariance() {
  constexpr std::int64_t D = 8;
  at::Tensor covariance = at::empty({D, D}, at::kDouble);
  for (std::int64_t i = 0; i < D; ++i) {
    for (std::int64_t j = 0; j < D; ++j) {
      covariance[i][j] = 0.25 * std::pow(0.7, std::abs(static_cast<double>(i - j)));
    }
  }
  return covariance;
}
GaussianScore chain() { return {at::zeros({8}, at::kDouble), chain_covariance()}; }

std::vector<ImageLikelihood> estimates(const NoisePredictor& model,
                                       std::int64_t n,
                                       const LikelihoodOptions& options) {
  const at::Tensor x = 0.3 * at::arange(8, at::kDouble).cos().expand({n, 8});
  return log_likelihood(model, linear_log_snr(-12, 6), x, sample_range(0, n), options);
}

// 600 estimates of one log density, each with its own probe.
TEST(Probes, ChangingThemLeavesTheEstimateUnbiasedAndLowersItsVariance) {
  const GaussianScore model = chain();
  constexpr std::int64_t n = 600;
  LikelihoodOptions options{.seed = 3, .batch = n, .dtype = at::kDouble};
  options.micro.rows = n;
  LikelihoodOptions exact = options;
  exact.trace = Trace::exact;
  exact.batch = exact.micro.rows = 1;
  const double right = estimates(model, 1, exact)[0].log_density;
  const auto spread = [&](const LikelihoodOptions& with) {
    double sum = 0, squares = 0;
    for (const ImageLikelihood& found : estimates(model, n, with)) {
      EXPECT_TRUE(found.outcome.ok());
      sum += found.log_density - right;
      squares += std::pow(found.log_density - right, 2);
    }
    const double mean = sum / n, variance = squares / n - mean * mean;
    // 0.02 nats for the solver.
    EXPECT_LT(std::abs(mean), 0.02 + 5.5 * std::sqrt(variance / n));
    return variance;
  };
  const double fixed = spread(options);
  options.probe_changes = equal_probe_changes(16, -6, 5);
  // Neighbours hold most of the variance here, and over four intervals they nearly cancel.
  EXPECT_LT(spread(options), fixed / 4);
}

// On Gaussian data the variate knows the whole error, of any probe.
TEST(Probes, WithTheVariateOneIsEnoughForGaussianData) {
  const GaussianScore model = chain();
  const at::Tensor root = at::linalg_cholesky(chain_covariance());
  // Data whose covariance is the chain's to rounding: plus and minus the columns of its root.
  const at::Tensor data = std::sqrt(8.0) * at::cat({root.t(), -root.t()});
  GaussianVariate variate = gaussian_variate(data + 0.3);
  variate.above = -100;
  LikelihoodOptions options{.trace = Trace::exact, .batch = 5, .dtype = at::kDouble};
  options.tolerance = {.atol = 1e-6, .atol_log_density = 1e-6};
  const double right = estimates(model, 5, options)[0].log_density;
  for (const Probe probe : {Probe::rademacher, Probe::gaussian}) {
    for (const std::int64_t changes : {0, 3}) {
      options.trace = Trace::hutchinson;
      options.probe = probe;
      options.probe_changes = equal_probe_changes(changes, -6, 5);
      options.variate = nullptr;
      EXPECT_GT(std::abs(estimates(model, 5, options)[3].log_density - right), 0.01);
      options.variate = std::make_shared<const GaussianVariate>(variate);
      for (const ImageLikelihood& found : estimates(model, 5, options)) {
        EXPECT_NEAR(found.log_density, right, 1e-4);
      }
    }
  }
  options.trace = Trace::exact;
  EXPECT_THROW(estimates(model, 5, options), std::invalid_argument);
  EXPECT_THROW(gaussian_variate(data.narrow(0, 0, 1)), std::invalid_argument);
}

TEST(Probes, ChangesAtLevelsThatThePathDoesNotReachDoNothing) {
  const GaussianScore model = chain();
  LikelihoodOptions options{.seed = 3, .batch = 4, .dtype = at::kDouble};
  const double fixed = estimates(model, 4, options)[2].log_density;
  options.probe_changes = {-20, -12, 6, 9};
  EXPECT_EQ(estimates(model, 4, options)[2].log_density, fixed);
}

TEST(Probes, AnImagesFigureDoesNotDependOnTheOthersWhenProbesChange) {
  const GaussianScore model = chain();
  LikelihoodOptions options{
      .seed = 3, .probe_changes = equal_probe_changes(8), .batch = 7, .dtype = at::kDouble};
  options.micro.rows = 4;
  const auto all = estimates(model, 7, options);
  options.batch = 2;
  const auto pairs = estimates(model, 7, options);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].log_density, pairs[i].log_density);
    EXPECT_EQ(all[i].nfe, pairs[i].nfe);
  }
}

// The estimate belongs to the probes, whoever solves for it.
TEST(Probes, AMemoryOfSlopesDoesNotReachOverAChange) {
  const GaussianScore model = chain();
  LikelihoodOptions options{
      .seed = 3, .probe_changes = equal_probe_changes(5), .batch = 4, .dtype = at::kDouble};
  options.tolerance = {.atol = 1e-7, .atol_log_density = 1e-7};
  options.method = dormand_prince54;
  const auto pair = estimates(model, 4, options);
  options.method = Adams{};
  const auto adams = estimates(model, 4, options);
  options.probe_changes = {};
  const auto fixed = estimates(model, 4, options);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(adams[i].log_density, pair[i].log_density, 1e-5);
    EXPECT_GT(std::abs(fixed[i].log_density - pair[i].log_density), 1e-3);
  }
}

TEST(Probes, RefusesLevelsThatDoNotRiseAndSolversWithoutStops) {
  const GaussianScore model = chain();
  EXPECT_THROW(estimates(model, 1, {.probe_changes = {1, 1}, .batch = 1}), std::invalid_argument);
  EXPECT_THROW(
      estimates(
          model, 1, {.probe_changes = {1, 2}, .solver = LikelihoodSolver::odeint, .batch = 1}),
      std::invalid_argument);
  EXPECT_TRUE(equal_probe_changes(0).empty());
  EXPECT_EQ(equal_probe_changes(2, -1, 1), (std::vector<double>{-1, 0, 1}));
}

// J is 4.6 along one direction and 0.04 across it.
GaussianScore one_narrow_direction() {
  constexpr std::int64_t D = 16;
  const at::Tensor u = at::linspace(-1, 2, D, at::kDouble);
  const at::Tensor along = at::outer(u, u) / u.square().sum();
  return {at::zeros({D}, at::kDouble), 5 * at::eye(D, at::kDouble) - (5 - 1e-4) * along};
}

TEST(HutchPlusPlus, IsUnbiasedAndBetterWhereFewDirectionsCount) {
  constexpr std::int64_t n = 6000;
  const auto check = [&](const GaussianScore& model, std::int64_t D, std::int64_t count) {
    const at::Tensor z = at::linspace(-1, 1, D, at::kDouble).expand({n, D});
    const at::Tensor gamma = at::full({n}, -3.0, at::kDouble);
    const at::Tensor v = make_probes(Probe::rademacher, count, 1, sample_range(0, n), z);
    const at::Tensor found = noise_divergence_hutch_plus_plus(model, z, gamma, v).divergence;
    const at::Tensor plain = noise_divergence(model, z, gamma, v).divergence;
    const double right = noise_divergence_exact(model, z.slice(0, 0, 1), gamma.slice(0, 0, 1))
                             .divergence.item<double>();
    const double error = found.std().item<double>() / std::sqrt(static_cast<double>(n));
    EXPECT_LT(error, 0.01 * right);
    EXPECT_LT(std::abs(found.mean().item<double>() - right), 6 * error) << count << " probes";
    return (found.var() / plain.var()).item<double>();
  };
  // 0.12: now and then the direction is all but perpendicular to the one probe that looks for it.
  EXPECT_LT(check(one_narrow_direction(), 16, 3), 0.25);
  // Where all directions count alike it is unbiased as well, whatever is left over of the thirds.
  for (const std::int64_t count : {4, 5, 6}) check(chain(), 8, count);
}

TEST(HutchPlusPlus, IsExactWhenItsBasisSpansAll) {
  const GaussianScore model = correlated_gaussian();
  const at::Tensor z = doubles({0.1, 0.7, -0.4, 1, 0, 0}, {2, 3});
  const at::Tensor gamma = doubles({-2, 1}, {2});
  const at::Tensor v = make_probes(Probe::gaussian, 9, 1, {3, 4}, z);
  const NoiseDivergence found = noise_divergence_hutch_plus_plus(model, z, gamma, v);
  const NoiseDivergence right = noise_divergence_exact(model, z, gamma);
  EXPECT_TRUE(at::allclose(found.divergence, right.divergence, 1e-10));
  EXPECT_TRUE(at::equal(found.eps, right.eps));
  EXPECT_THROW(noise_divergence_hutch_plus_plus(model, z, gamma, v.slice(0, 0, 2)),
               std::invalid_argument);
}

TEST(HutchPlusPlus, GivesALikelihood) {
  const GaussianScore model = correlated_gaussian();
  const at::Tensor x = doubles({0.1, 0.7, -0.4, 1, 0, 0}, {2, 3});
  LikelihoodOptions options{.trace = Trace::hutch_plus_plus,
                            .probe = Probe::gaussian,
                            .probes = 9,
                            .tolerance = {.atol = 1e-7, .atol_log_density = 1e-7},
                            .batch = 2,
                            .dtype = at::kDouble};
  const std::vector<double> right =
      to_vector(model.log_density(x, at::full({2}, -30.0, at::kDouble)));
  for (const auto solver : {LikelihoodSolver::per_image, LikelihoodSolver::odeint}) {
    options.solver = solver;
    const auto found = log_likelihood(model, linear_log_snr(-14, 30), x, {3, 4}, options);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(found[i].log_density, right[i], 1e-4);
  }
}

}  // namespace
}  // namespace stochflow::diffusion
