#include "stochflow/diffusion/reverse.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace stochflow::diffusion
