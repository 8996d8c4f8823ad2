#include "stochflow/diffusion/tensor/state.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "diffusion/support/oracles.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/ode/extrapolation.hpp"
#include "stochflow/ode/multistep.hpp"
#include "stochflow/ode/second_order.hpp"
#include "stochflow/ode/solve_ode.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

TEST(TensorState, RunsTheSameTextAsEigenStates) {
  const auto sde = ito<Noise::additive>([](const auto& x, double t) { return (-1 - t) * x; },
                                        [](const auto&, double t) { return 1 + t; });
  const std::vector<double> grid = uniform_grid(0, 1, 20);
  const Vector<double> x0 = Vector<double>::LinSpaced(3, -1, 2);
  const auto eigen = solve(sde, Heun{}, x0, grid, PathId{.seed = 3, .trajectory = 8});
  const at::Tensor start = doubles({-1, 0.5, 2}, {1, 3});
  const at::Tensor before = start.clone();
  const std::vector<double> saves{0.35, 0.5};
  const auto tensor =
      solve(sde, Heun{}, start, grid, TensorIncrements(3, {8}, start), {.save_at = saves});
  EXPECT_TRUE(tensor.outcome.ok());
  EXPECT_EQ(tensor.times, saves);
  EXPECT_TRUE(at::equal(start, before));
  for (std::int64_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(tensor.x[0][k].item<double>(), eigen.x[k], 1e-14);
  }
  const auto blown = solve(ito<Noise::additive>([](const auto& x, double) { return x / 0.0; },
                                                [](const auto&, double) { return 1.0; }),
                           Heun{},
                           start,
                           grid,
                           TensorIncrements(3, {8}, start));
  EXPECT_EQ(blown.outcome.status, Status::not_finite);
}

template <class Tag>
void expect_oscillator_solved(const Tag& tag, double tolerance) {
  // A harmonic oscillator: after t = 10 the state has turned by 10 radians.
  const at::Tensor rotation = doubles({0, 1, -1, 0}, {2, 2});
  const at::Tensor x0 = doubles({1, 0, 0, 2}, {2, 2}), before = x0.clone();
  std::int64_t calls = 0;
  const auto run = solve_ode(
      [&](const at::Tensor& x, double) {
        ++calls;
        return x.matmul(rotation.t());
      },
      tag,
      x0,
      0.0,
      10.0,
      {.save_at = {2.0, 5.0}});
  EXPECT_TRUE(run.outcome.ok()) << run.outcome.message();
  EXPECT_TRUE(at::equal(x0, before)) << "the caller's tensor was changed";
  EXPECT_EQ(run.evaluations, calls);
  for (std::size_t k = 0; k < 3; ++k) {
    const double t = k < 2 ? run.times[k] : 10.0;
    const at::Tensor right =
        doubles({std::cos(t), -std::sin(t), 2 * std::sin(t), 2 * std::cos(t)}, {2, 2});
    const at::Tensor found = k < 2 ? run.states[k] : run.x;
    EXPECT_LT((found - right).abs().max().item<double>(), tolerance) << Tag::name << " at " << t;
  }
}

TEST(TensorState, RunsUnderBoostOdeint) {
  expect_oscillator_solved(Dopri5{.rtol = 1e-9, .atol = 1e-9}, 1e-7);
  expect_oscillator_solved(CashKarp54{.rtol = 1e-9, .atol = 1e-9}, 1e-7);
  expect_oscillator_solved(Fehlberg78{.rtol = 1e-10, .atol = 1e-10}, 1e-8);
  expect_oscillator_solved(Rk4{.n = 1000}, 1e-8);
  expect_oscillator_solved(BulirschStoer{.rtol = 1e-9, .atol = 1e-9}, 1e-7);
  expect_oscillator_solved(AdaptiveAdams{.rtol = 1e-9, .atol = 1e-9}, 1e-7);
  expect_oscillator_solved(AdamsBashforth<4>{.n = 1000}, 1e-7);
  expect_oscillator_solved(AdamsBashforthMoulton<4>{.n = 1000}, 1e-8);
  expect_oscillator_solved(Extrapolation<4>{.n = 1000}, 1e-8);
  expect_oscillator_solved(ModifiedMidpoint{.n = 1000, .parts = 8}, 1e-4);
}

TEST(TensorState, RunsUnderOdeintsMethodsForPhaseSpace) {
  const auto attraction = [](const at::Tensor& x) { return -x; };
  const PhaseSpace<at::Tensor> start{doubles({1, 0, 2}, {3, 1}), doubles({0, 1, 0}, {3, 1})};
  const double c = std::cos(2.0), sine = std::sin(2.0);
  const auto apart = [](const at::Tensor& found, const std::vector<double>& right) {
    return (found - doubles(right, {3, 1})).abs().max().item().toDouble();
  };
  const auto expect_solved = [&](const auto& tag, double tolerance) {
    const OdeSolution<PhaseSpace<at::Tensor>> run =
        solve_second_order(attraction, tag, start, 0, 2, {.save_at = {1}});
    EXPECT_LT(apart(run.x.x, {c, sine, 2 * c}), tolerance);
    EXPECT_LT(apart(run.x.v, {-sine, c, -2 * sine}), tolerance);
    // What was saved stays as it was while the run goes on.
    const double c1 = std::cos(1.0), sine1 = std::sin(1.0);
    EXPECT_LT(apart(run.states.at(0).x, {c1, sine1, 2 * c1}), tolerance);
  };
  expect_solved(McLachlan{200}, 1e-8);
  expect_solved(McLachlanM4{200}, 1e-8);
  expect_solved(VelocityVerlet{1000}, 1e-5);
  expect_solved(SymplecticEuler{10000}, 1e-3);
  EXPECT_EQ(start.x[0].item<double>(), 1);
}

}  // namespace
}  // namespace stochflow::diffusion
