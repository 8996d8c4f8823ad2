#include "stochflow/diffusion/score.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

at::Tensor some_states(std::int64_t n, std::int64_t D) {
  return normals(RandomStream(9, Purpose::initial_state),
                 sample_range(0, n),
                 0,
                 at::empty({n, D}, at::kDouble));
}

/// The model as a network of the given dialect: checks its label and answers in that dialect.
Network speaking(const ExactModel& model,
                 Parametrisation parametrisation,
                 NoiseLabel label,
                 const Schedule& schedule) {
  return [&model, parametrisation, label, schedule](const at::Tensor& x, const at::Tensor& noise) {
    std::vector<at::Tensor> rows;
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const bool edm = parametrisation == Parametrisation::edm_denoiser;
      const double value = noise[i].item<double>();
      // The time that the label stands for; edm's sigma is sigma/alpha.
      double t = 0;
      switch (label) {
        case NoiseLabel::t:
          t = value;
          break;
        case NoiseLabel::t_999:
          t = value / 999;
          break;
        case NoiseLabel::log_snr:
          t = schedule.time_of(-value);
          break;
        case NoiseLabel::sigma:
        case NoiseLabel::quarter_log_sigma: {
          const double sigma = label == NoiseLabel::sigma ? value : std::exp(4 * value);
          double low = 1e-9, high = schedule.t1;  // bisection: sigma grows with t
          for (int k = 0; k < 200; ++k) {
            t = 0.5 * (low + high);
            const Level level = schedule.at(t);
            ((edm ? level.sigma_hat() : level.sigma) < sigma ? low : high) = t;
          }
          break;
        }
      }
      const Level level = schedule.at(t);
      const double a = level.alpha() / level.scale(), s = level.sigma / level.scale();
      const at::Tensor state = (edm ? level.alpha() : 1) * x.slice(0, i, i + 1);
      const at::Tensor eps = noise_at(model, state, level);
      const at::Tensor x0 = denoised_at(model, state, level);
      switch (parametrisation) {
        case Parametrisation::score:
          rows.push_back(score_at(model, state, level));
          break;
        case Parametrisation::eps:
          rows.push_back(eps);
          break;
        case Parametrisation::x0:
        case Parametrisation::edm_denoiser:
          rows.push_back(x0);
          break;
        case Parametrisation::v:
          rows.push_back(a * eps - s * x0);
          break;
        case Parametrisation::velocity: {
          // alpha' x0 + sigma' eps, sigma'/sigma = alpha'/alpha + gamma'/2
          const double d_sigma = level.sigma * (level.d_log_alpha + 0.5 * level.d_gamma);
          rows.push_back(level.alpha() * level.d_log_alpha * x0 + d_sigma * eps);
          break;
        }
      }
    }
    return at::cat(rows);
  };
}

TEST(Score, EveryDialectBecomesTheSameNoisePredictor) {
  const MixtureScore model = mixture();
  for (const Schedule& schedule : all_schedules()) {
    for (const Parametrisation parametrisation : {Parametrisation::score,
                                                  Parametrisation::eps,
                                                  Parametrisation::x0,
                                                  Parametrisation::v,
                                                  Parametrisation::velocity,
                                                  Parametrisation::edm_denoiser}) {
      for (const NoiseLabel label : {NoiseLabel::t,
                                     NoiseLabel::t_999,
                                     NoiseLabel::sigma,
                                     NoiseLabel::quarter_log_sigma,
                                     NoiseLabel::log_snr}) {
        SCOPED_TRACE(schedule.name + ", parametrisation " +
                     std::to_string(static_cast<int>(parametrisation)) + ", label " +
                     std::to_string(static_cast<int>(label)));
        const auto translated = from_network(
            speaking(model, parametrisation, label, schedule), parametrisation, label, schedule);
        const at::Tensor z = some_states(4, 2);
        const at::Tensor gamma = doubles({-5, -2, 0, 2}, {4});
        const at::Tensor found = translated->eps(z, gamma), right = model.eps(z, gamma);
        EXPECT_LT((found - right).abs().max().item<double>(), 1e-9);
      }
    }
  }
}

TEST(Score, TranslationIsDifferentiableAndKeepsTheDtype) {
  const GaussianScore model = diagonal_gaussian();
  const auto translated = from_network(
      [&](const at::Tensor& x, const at::Tensor& label) {
        EXPECT_EQ(label.scalar_type(), at::kFloat);
        return 2 * x;
      },
      Parametrisation::eps,
      NoiseLabel::t,
      ve());
  const at::Tensor z = some_states(2, 3).to(at::kFloat).requires_grad_(true);
  const at::Tensor eps = translated->eps(z, at::zeros({2}, at::kFloat));
  EXPECT_EQ(eps.scalar_type(), at::kFloat);
  // At gamma = 0 sigma = 1 and the network sees sqrt(2) z.
  const auto gradient = torch::autograd::grad({eps.sum()}, {z})[0];
  EXPECT_TRUE(at::allclose(gradient, at::full_like(gradient, 2 * std::sqrt(2.0))));
}

/// Score by differentiating the log density.
template <class Model>
void expect_score_of_density(const Model& model, std::int64_t D) {
  const at::Tensor gamma = doubles({-12, -6, -1, 0.5, 4}, {5});
  const at::Tensor s = at::sigmoid(gamma).sqrt();
  for (const double spread : {0.05, 1.0}) {
    const at::Tensor z = (spread * some_states(5, D)).requires_grad_(true);
    const at::Tensor score = torch::autograd::grad({model.log_density(z, gamma).sum()}, {z})[0];
    const at::Tensor eps = model.eps(z, gamma);
    EXPECT_TRUE(at::allclose(eps, -beside(s, z) * score, 1e-10, 1e-10));
    const at::Tensor in_float = model.eps(z.to(at::kFloat), gamma.to(at::kFloat));
    EXPECT_EQ(in_float.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::allclose(in_float.to(at::kDouble), eps, 1e-3, 1e-3));
  }
}

TEST(ExactModels, NoiseIsTheGradientOfTheLogDensity) {
  expect_score_of_density(diagonal_gaussian(), 3);
  expect_score_of_density(correlated_gaussian(), 3);
  expect_score_of_density(mixture(), 2);
}

TEST(ExactModels, DensitiesIntegrateToOneAndBecomeStandardNormal) {
  // The trapezium rule on a wide fine grid is exact to rounding for smooth densities.
  const MixtureScore one_d(
      doubles({0.7, 0.3}, {2}), doubles({-1, 2}, {2, 1}), doubles({0.2, 0.1}, {2}));
  for (const double gamma : {-10.0, -1.0, 3.0}) {
    const at::Tensor x = at::linspace(-9, 9, 20001, at::kDouble).unsqueeze(1);
    const at::Tensor p = one_d.log_density(x, at::full({20001}, gamma, at::kDouble)).exp();
    EXPECT_NEAR(p.sum().item<double>() * 18 / 20000, 1, 1e-10);
    const Level level = ve().at(ve().time_of(gamma));
    const at::Tensor wide = 10 * x;
    EXPECT_NEAR(
        log_density_at(one_d, wide, level).exp().sum().item<double>() * 180 / 20000, 1, 2e-3);
  }
  const at::Tensor z = some_states(4, 3), far = at::full({4}, 60.0, at::kDouble);
  const double log_two_pi = std::log(2 * std::numbers::pi);
  EXPECT_TRUE(at::allclose(correlated_gaussian().log_density(z, far),
                           -0.5 * (z.square() + log_two_pi).sum(1)));
}

TEST(ExactModels, DiagonalAndFullCovarianceAgree) {
  const at::Tensor mean = doubles({0.5, -1, 0.25}, {3}), var = doubles({0.3, 1.5, 0.04}, {3});
  const GaussianScore full(mean, var.diag()), diagonal(mean, var);
  const MixtureScore single(doubles({3.0}, {1}), mean.unsqueeze(0), var.unsqueeze(0));
  const at::Tensor z = some_states(6, 3), gamma = at::linspace(-8, 4, 6, at::kDouble);
  EXPECT_TRUE(at::allclose(full.eps(z, gamma), diagonal.eps(z, gamma), 1e-10, 1e-12));
  EXPECT_TRUE(at::allclose(single.eps(z, gamma), diagonal.eps(z, gamma), 1e-10, 1e-12));
  EXPECT_TRUE(at::allclose(full.log_density(z, gamma), single.log_density(z, gamma), 1e-10, 1e-12));
}

TEST(ExactModels, RefuseShapesAndVariancesThatMakeNoSense) {
  const at::Tensor mean = doubles({0, 1}, {2});
  EXPECT_THROW(GaussianScore(mean, doubles({1, 1, 1}, {3})), std::invalid_argument);
  EXPECT_THROW(GaussianScore(mean, doubles({1, -1}, {2})), std::invalid_argument);
  EXPECT_THROW(GaussianScore(mean, doubles({1, 2, 2, 1}, {2, 2})), std::invalid_argument);
  EXPECT_THROW(MixtureScore(doubles({1, 0}, {2}), doubles({0, 1}, {2, 1}), doubles({1, 1}, {2})),
               std::invalid_argument);
  EXPECT_THROW(MixtureScore(doubles({1}, {1}), doubles({0, 1}, {2, 1}), doubles({1, 1}, {2})),
               std::invalid_argument);
  EXPECT_THROW(diagonal_gaussian().eps(some_states(2, 2), at::zeros({2}, at::kDouble)),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
