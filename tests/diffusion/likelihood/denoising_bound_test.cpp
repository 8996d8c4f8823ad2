#include "stochflow/diffusion/likelihood/denoising_bound.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

struct Found {
  std::vector<double> mean, standard_error;  // one entry a point
};

/// Mean and standard error over many ids for each point.
Found bounds_of(const NoisePredictor& model, const Schedule& schedule, const at::Tensor& x) {
  constexpr std::int64_t times = 6000;
  const std::int64_t points = x.size(0), rows = points * times;
  const std::vector<double> nats =
      denoising_bound(model,
                      schedule,
                      x.repeat_interleave(times, 0),
                      sample_range(0, rows),
                      30,
                      {.seed = 1, .batch = rows, .micro = {.rows = rows}, .dtype = at::kDouble});
  const at::Tensor all = doubles(nats, {points, times});
  return {to_vector(all.mean(1)), to_vector(all.std(1) / std::sqrt(static_cast<double>(times)))};
}

// Point by point, not on average only. What is left out at the ends is below 1e-4 nats.
TEST(DenoisingBound, IsTheDensityOfAnExactModelAtEveryPoint) {
  const GaussianScore gaussian = correlated_gaussian();
  const MixtureScore modes = mixture();
  // Whose state is standard normal at any level, so that the noisy end may lie anywhere: the
  // prior's term counts.
  const GaussianScore standard(doubles({0, 0, 0}, {3}), doubles({1, 1, 1}, {3}));
  const at::Tensor threes =
      doubles({0.5, -1, 0.25, 1.1, -0.8, -0.3, 0, 0, 0, 2, -2, 1, -0.4, 0.1, 1}, {5, 3});
  const at::Tensor twos = doubles({-1, 0.5, 0.9, 0.3, 0, 0, 0.5, -0.7, -0.8, 0.2}, {5, 2});
  struct Case {
    const ExactModel& model;
    const at::Tensor& x;
    Schedule schedule;
  };
  for (const Case& c : {Case{gaussian, threes, linear_log_snr(-14, 16)},
                        Case{modes, twos, linear_log_snr(-14, 16)},
                        Case{modes, twos, ve(1e-3, 3e3)},
                        Case{standard, threes, linear_log_snr(-14, 1)}}) {
    const std::vector<double> right =
        to_vector(-c.model.log_density(c.x, at::full({5}, -30.0, at::kDouble)));
    const Found found = bounds_of(c.model, c.schedule, c.x);
    for (std::size_t i = 0; i < right.size(); ++i) {
      EXPECT_LT(found.standard_error[i], 0.08);
      EXPECT_LT(std::abs(found.mean[i] - right[i]), 6 * found.standard_error[i])
          << c.schedule.name << ", point " << i;
    }
  }
}

// On average over data a model that is not exact pays, by half the integral of its squared error.
TEST(DenoisingBound, ChargesAModelForItsError) {
  class Biased final : public NoisePredictor {
   public:
    explicit Biased(const NoisePredictor& model) : model_(model) {}
    at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
      return model_.eps(z, gamma) + 0.3 * at::ones_like(z);
    }

   private:
    const NoisePredictor& model_;
  };
  const GaussianScore exact = diagonal_gaussian();
  const Schedule schedule = linear_log_snr(-14, 16);
  const at::Tensor n = normals(RandomStream(3, Purpose::initial_state),
                               sample_range(0, 4000),
                               0,
                               at::empty({4000, 3}, at::kDouble));
  const at::Tensor x = doubles({0.5, -1, 0.25}, {3}) + doubles({0.3, 1.5, 0.04}, {3}).sqrt() * n;
  const LikelihoodOptions options{
      .seed = 1, .batch = 4000, .micro = {.rows = 4000}, .dtype = at::kDouble};
  const SampleIds ids = sample_range(0, 4000);
  const at::Tensor right = doubles(denoising_bound(exact, schedule, x, ids, 30, options), {4000});
  const at::Tensor biased =
      doubles(denoising_bound(Biased(exact), schedule, x, ids, 30, options), {4000});
  const at::Tensor paid = biased - right;
  const double error = paid.std().item<double>() / std::sqrt(4000.0);
  EXPECT_LT(error, 0.1);
  EXPECT_NEAR(paid.mean().item<double>(), 0.5 * 30 * 3 * 0.09, 6 * error);
}

TEST(DenoisingBound, DoesNotDependOnTheBatch) {
  const GaussianScore model = diagonal_gaussian();
  const Schedule schedule = linear_log_snr(-10, 10);
  const at::Tensor x = doubles({0.5, -1, 0.25, 0, 0, 0, 1, 1, 0}, {3, 3});
  const auto of = [&](const at::Tensor& some, const SampleIds& ids, std::int64_t batch) {
    return denoising_bound(model,
                           schedule,
                           some,
                           ids,
                           5,
                           {.seed = 2, .batch = batch, .micro = {.rows = 2}, .dtype = at::kDouble});
  };
  const std::vector<double> all = of(x, {7, 8, 9}, 64);
  EXPECT_EQ(of(x, {7, 8, 9}, 2), all);
  EXPECT_EQ(of(x.narrow(0, 2, 1), {9}, 64)[0], all[2]);
  EXPECT_NE(of(x.narrow(0, 2, 1), {7}, 64)[0], all[2]);
  EXPECT_THROW(of(x, {1, 2}, 64), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
