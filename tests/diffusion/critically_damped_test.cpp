// Critically damped Langevin diffusion on Gaussian data, where everything about it is known.

#include "stochflow/diffusion/critically_damped.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "diffusion/support/samplers.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score/velocity_noise.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/ode/solve_ode.hpp"
#include "stochflow/ode/steppers.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;
using Matrix2 = Eigen::Matrix2d;

Matrix2 linear(const PairTransition& p) {
  Matrix2 A;
  A << p.xx, p.xv, p.vx, p.vv;
  return A;
}
Matrix2 covariance(const PairTransition& p) {
  Matrix2 C;
  C << p.c_xx, p.c_xv, p.c_xv, p.c_vv;
  return C;
}
double distance(const Matrix2& a, const Matrix2& b) { return (a - b).cwiseAbs().maxCoeff(); }

const CriticallyDamped process{.beta = 3, .mass = 0.16, .start_variance = 0.1};

TEST(CriticallyDamped, TransitionsComposeAndKeepTheirEquilibrium) {
  const PairTransition first = process.transition(0.07), second = process.transition(0.2);
  const PairTransition both = process.transition(0.27);
  EXPECT_LT(distance(linear(second) * linear(first), linear(both)), 1e-14);
  EXPECT_LT(
      distance(linear(second) * covariance(first) * linear(second).transpose() + covariance(second),
               covariance(both)),
      1e-14);
  const Matrix2 rest = Eigen::Vector2d(1, process.mass).asDiagonal();
  EXPECT_LT(distance(linear(both) * rest * linear(both).transpose() + covariance(both), rest),
            1e-14);
  // The generator, by a short step.
  const double dt = 1e-6, b = process.beta, M = process.mass, G = process.friction();
  const PairTransition brief = process.transition(dt);
  Matrix2 F;
  F << 0, b / M, -b, -G * b / M;
  EXPECT_LT(distance((linear(brief) - Matrix2::Identity()) / dt, F), 1e-3);
  const double q = 2 * G * b;
  EXPECT_NEAR(brief.c_vv / (q * dt), 1, 1e-4);
  EXPECT_NEAR(brief.c_xv / (q * b / M * dt * dt / 2), 1, 1e-4);
  EXPECT_NEAR(brief.c_xx / (q * b * b / (M * M) * dt * dt * dt / 3), 1, 1e-4);
  // The kernel draws v0 as well.
  const Matrix2 start = Eigen::Vector2d(0, process.start_variance * M).asDiagonal();
  const PairTransition kernel = process.kernel(0.27);
  EXPECT_LT(distance(linear(both) * start * linear(both).transpose() + covariance(both),
                     covariance(kernel)),
            1e-14);
  EXPECT_NEAR(std::pow(process.noise_scale(0.27), 2), covariance(kernel).inverse()(1, 1), 1e-9);
}

// Unit normals one at a time: the columns of a root of the kernel's covariance.
TEST(CriticallyDamped, DiffusedPairsHaveTheKernelsLaw) {
  const at::Tensor x0 = doubles({0, 0, 1}, {3, 1}), t = doubles({0.3, 0.3, 0.3}, {3});
  const TensorPhaseSpace u =
      diffused(process, x0, t, {doubles({1, 0, 0}, {3, 1}), doubles({0, 1, 0}, {3, 1})});
  const auto pair = [&](int row) {
    return Eigen::Vector2d(u.x[row][0].item<double>(), u.v[row][0].item<double>());
  };
  Matrix2 root;
  root << pair(0), pair(1);
  const PairTransition kernel = process.kernel(0.3);
  EXPECT_LT(distance(root * root.transpose(), covariance(kernel)), 1e-14);
  EXPECT_LT((pair(2) - Eigen::Vector2d(kernel.xx, kernel.vx)).norm(), 1e-14);
}

/// Data N(mean, var) in each of two components.
struct Exact final : VelocityNoisePredictor {
  const CriticallyDamped& cld;
  double mean = 0.8, var = 0.3;
  explicit Exact(const CriticallyDamped& of) : cld(of) {}

  Matrix2 pair_covariance(double t) const {
    const PairTransition p = cld.kernel(t);
    const Eigen::Vector2d a(p.xx, p.vx);
    return var * a * a.transpose() + covariance(p);
  }
  Eigen::Vector2d pair_mean(double t) const {
    const PairTransition p = cld.kernel(t);
    return mean * Eigen::Vector2d(p.xx, p.vx);
  }
  at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const override {
    std::vector<at::Tensor> rows;
    for (std::int64_t i = 0; i < t.size(0); ++i) {
      const double at = t[i].item<double>();
      const Matrix2 precision = pair_covariance(at).inverse();
      const Eigen::Vector2d m = pair_mean(at);
      const at::Tensor score =
          -(precision(1, 0) * (u.x[i] - m[0]) + precision(1, 1) * (u.v[i] - m[1]));
      rows.push_back(score * (-1 / cld.noise_scale(at)));
    }
    return at::stack(rows);
  }
};

/// The same for one time for all rows, as samplers ask.
struct ExactAtOnce final : VelocityNoisePredictor {
  Exact exact;
  explicit ExactAtOnce(const CriticallyDamped& of) : exact(of) {}
  at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const override {
    const double at = t[0].item<double>();
    const Matrix2 precision = exact.pair_covariance(at).inverse();
    const Eigen::Vector2d m = exact.pair_mean(at);
    return (precision(1, 0) * (u.x - m[0]) + precision(1, 1) * (u.v - m[1])) *
           (1 / exact.cld.noise_scale(at));
  }
};

constexpr std::int64_t count = 20000;  // samples of two components
const Draw draw{5, sample_range(0, count), {2}, at::TensorOptions(at::kDouble)};

/// Mean and variance of x within 5.5 standard errors and a bias.
void expect_data(const at::Tensor& x, const Exact& exact, double bias) {
  const double n = static_cast<double>(x.numel()), mean = x.mean().item<double>();
  const double variance = (x - exact.mean).square().mean().item<double>();
  EXPECT_NEAR(mean, exact.mean, 5.5 * std::sqrt(exact.var / n) + bias);
  EXPECT_NEAR(variance, exact.var, 5.5 * exact.var * std::sqrt(2 / n) + bias);
}

TEST(CriticallyDamped, SamplersEndInTheData) {
  const CriticallyDamped cld;
  const ExactAtOnce model(cld);
  const auto times_of = [&](std::int64_t n) {
    std::vector<double> times;
    for (std::int64_t k = 0; k <= n; ++k) {
      times.push_back(cld.t1 + (cld.t0 - cld.t1) * static_cast<double>(k) / static_cast<double>(n));
    }
    return times;
  };
  const std::vector<double> times = times_of(60);
  const Samples sscs = sample_sscs(model, cld, draw, times);
  EXPECT_TRUE(sscs.outcome.ok());
  EXPECT_EQ(sscs.nfe, 61);
  expect_data(sscs.x, model.exact, 0.01);

  // The same reverse SDE by the solvers' methods.
  const ReverseCriticallyDamped sde{cld, model};
  const TensorPhaseSpace start = prior_sample(cld, draw);
  const auto end_by = [&](const auto& method, std::int64_t steps) {
    return solve(sde,
                 method,
                 start,
                 uniform_grid(0, cld.t1 - cld.t0, steps),
                 TensorIncrements(5, draw.ids, start.x));
  };
  expect_data(end_by(EulerMaruyama{}, 1000).x.x, model.exact, 0.02);
  expect_data(end_by(Heun{}, 200).x.x, model.exact, 0.02);
  // Few steps: the splitting is far nearer than Euler-Maruyama, which leaves noise of its steps.
  const auto off = [&](const at::Tensor& x) {
    return std::abs((x - model.exact.mean).square().mean().item<double>() / model.exact.var - 1);
  };
  EXPECT_LT(3 * off(sample_sscs(model, cld, draw, times_of(25)).x),
            off(end_by(EulerMaruyama{}, 25).x.x));
  EXPECT_THROW(sample_sscs(model, cld, draw, std::vector<double>{0, 1}), std::invalid_argument);
}

// What the pair says of x0, from its two parts put together by linear algebra.
TEST(CriticallyDamped, NoiseLevelsAreThoseOfThePair) {
  const Schedule levels = noise_levels(process);
  for (const double t : {1e-3, 0.02, 0.3, 1.0}) {
    SCOPED_TRACE(t);
    const PairTransition kernel = process.kernel(t);
    const Eigen::Vector2d mean(kernel.xx, kernel.vx);
    const double snr = mean.dot(covariance(kernel).inverse() * mean);
    const Level level = levels.at(t);
    EXPECT_NEAR(level.gamma, -std::log(snr), 1e-6);  // the inverse loses digits at small t
    EXPECT_NEAR(level.alpha() * level.alpha() + level.sigma * level.sigma, 1, 1e-14);
    const double h = 1e-4 * t;
    EXPECT_NEAR(
        level.d_gamma * t, t * (levels.at(t + h).gamma - levels.at(t - h).gamma) / (2 * h), 1e-5);
    EXPECT_NEAR(levels.time_of(level.gamma), t, 1e-9 * t);
  }
}

// An image's model answers for the pair as the model of the pair does: here in closed form.
TEST(CriticallyDamped, AnyModelAnswersForThePair) {
  const Exact exact(process);
  const GaussianScore image(doubles({0.8, 0.8}, {2}), doubles({0.3, 0.3}, {2}));
  const VelocityNoise model(image, process);
  const at::Tensor t = doubles({1e-3, 0.02, 0.3, 0.9}, {4});
  const TensorPhaseSpace u = diffused(process,
                                      doubles({0.4, -0.2, 1.3, 0.7, -0.5, 0.1, 2, 0.9}, {4, 2}),
                                      t,
                                      {doubles({0.3, -1, 2, 0.1, 0.5, -0.7, 1, 0}, {4, 2}),
                                       doubles({1, 0.4, -0.6, 0.2, -2, 1.1, 0.3, -0.1}, {4, 2})});
  EXPECT_LT((model.eps_v(u, t) - exact.eps_v(u, t)).abs().max().item<double>(), 1e-7);
  // E[x0 | x, v] by Bayes' rule.
  const double at = 0.3;
  const PairTransition kernel = process.kernel(at);
  const Eigen::Vector2d mean(kernel.xx, kernel.vx);
  const Matrix2 precision = covariance(kernel).inverse();
  const Eigen::Vector2d weights = precision * mean;
  const double posterior = 1 / (1 / exact.var + mean.dot(weights));
  const at::Tensor expected =
      posterior * (exact.mean / exact.var + weights[0] * u.x[2] + weights[1] * u.v[2]);
  EXPECT_LT((denoised(model, process, u, at)[2] - expected).abs().max().item<double>(), 1e-12);
}

TEST(CriticallyDamped, AMixtureIsSampledByTheModelOfItsImages) {
  const TwoModes truth;
  const MixtureScore model = truth.model();
  const CriticallyDamped cld = restricted(CriticallyDamped{}, -10, 8);
  const Schedule levels = noise_levels(cld);
  EXPECT_NEAR(levels.at(cld.t0).gamma, -10, 1e-6);
  EXPECT_NEAR(levels.at(cld.t1).gamma, 8, 1e-6);
  const Samples found = sample_sscs(
      VelocityNoise(model, cld), cld, batch_of(2000), log_snr_times(levels, 200), SampleOptions{});
  const Level clean;
  const at::Tensor along = found.x.sum(1) / std::sqrt(static_cast<double>(D));
  EXPECT_LT(kolmogorov_smirnov(to_vector(along), [&](double x) { return truth.along(x, clean); }),
            3.0);
  EXPECT_LT(kolmogorov_smirnov(to_vector(found.x.select(1, 3)),
                               [&](double x) { return truth.component(x, clean); }),
            3.0);
}

TEST(CriticallyDamped, ASampleDoesNotDependOnItsBatch) {
  const CriticallyDamped cld;
  const ExactAtOnce model(cld);
  const std::vector<double> times{1, 0.7, 0.4, 0.1, 1e-3};
  const Draw two{5, {3, 8}, {2}, at::TensorOptions(at::kDouble)};
  const Draw one{5, {8}, {2}, at::TensorOptions(at::kDouble)};
  EXPECT_TRUE(at::equal(sample_sscs(model, cld, two, times).x[1],
                        sample_sscs(model, cld, one, times).x[0]));
}

// The flow is linear for Gaussian data: where the origin and two unit vectors go says all.
TEST(CriticallyDamped, TheFlowCarriesTheMarginalsAlong) {
  const Exact model(process);
  const CriticallyDampedFlow flow{process, model};
  const double t0 = 0.05, t1 = 0.9;
  const at::Tensor start = doubles({0, 1, 0, 0, 0, 1}, {2, 3, 1});  // x of three points, then v
  const auto run = solve_ode(flow, Dopri5{.rtol = 1e-10, .atol = 1e-10}, start, t0, t1);
  ASSERT_TRUE(run.outcome.ok());
  const auto at = [&](int part, int point) { return run.x[part][point][0].item<double>(); };
  const Eigen::Vector2d origin(at(0, 0), at(1, 0));
  Matrix2 J;
  J << at(0, 1) - origin[0], at(0, 2) - origin[0], at(1, 1) - origin[1], at(1, 2) - origin[1];
  EXPECT_LT((J * model.pair_mean(t0) + origin - model.pair_mean(t1)).cwiseAbs().maxCoeff(), 1e-7);
  EXPECT_LT(distance(J * model.pair_covariance(t0) * J.transpose(), model.pair_covariance(t1)),
            1e-7);
}

/// (1 + theta) times the exact answer.
struct Scaled final : VelocityNoisePredictor {
  Exact exact{process};
  at::Tensor theta;
  explicit Scaled(double value) : theta(at::full({1}, value, at::kDouble).requires_grad_(true)) {}
  at::Tensor eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const override {
    return (1 + theta) * exact.eps_v(u, t);
  }
};

TEST(CriticallyDamped, TheLossIsLeastAtTheExactAnswer) {
  constexpr std::int64_t n = 4000;
  const auto gaussians = [&](std::uint64_t seed) {
    return normals(RandomStream(seed, Purpose::increments),
                   sample_range(0, n),
                   0,
                   at::empty({n, 2}, at::kDouble));
  };
  const Exact exact(process);
  const at::Tensor x0 = exact.mean + std::sqrt(exact.var) * gaussians(1);
  const at::Tensor t = at::linspace(0.05, 1, n, at::kDouble);
  const TensorPhaseSpace eps{gaussians(2), gaussians(3)};
  for (const bool likelihood : {false, true}) {
    SCOPED_TRACE(likelihood);
    const auto slope = [&](double theta) {
      const Scaled model(theta);
      hybrid_loss(model, process, x0, t, eps, likelihood).mean().backward();
      return model.theta.grad().item<double>();
    };
    // Loss = a (1 + theta)^2 - 2 b (1 + theta) + c with a = b up to sampling noise.
    const double at_exact = slope(0), off = slope(0.2);
    EXPECT_LT(std::abs(at_exact), 0.1 * off);
    EXPECT_GT(off, 0);
  }
  const at::Tensor plain = hybrid_loss(exact, process, x0, t, eps);
  const double w = process.friction() * process.beta * std::pow(process.noise_scale(0.05), 2);
  EXPECT_NEAR(hybrid_loss(exact, process, x0, t, eps, true)[0].item<double>(),
              w * plain[0].item<double>(),
              1e-9 * w);
  EXPECT_THROW(diffused(process, x0, t.slice(0, 0, 3), eps), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
