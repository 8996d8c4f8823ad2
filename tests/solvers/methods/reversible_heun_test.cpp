#include "stochflow/methods/reversible_heun.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/heun.hpp"
#include "stochflow/ode/sde_stepper.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/solve_adaptive.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

const auto pendulum = stratonovich<Noise::general>(
    [](const auto& x, double t) {
      using T = typename std::decay_t<decltype(x)>::Scalar;
      using std::cos, std::sin;
      return Vector<T, 2>(x[1], -sin(x[0]) + T(0.3 * std::cos(t)));
    },
    [](const auto& x, double) {
      using T = typename std::decay_t<decltype(x)>::Scalar;
      using std::cos, std::sin;
      Matrix<T, 2> g;
      g << T(0.1), 0.2 * cos(x[1]), 0.3 * sin(x[0]), T(0.2);
      return g;
    });

// Two steps written out with the letters of the paper.
TEST(ReversibleHeun, StepsAsTheAlgorithmSays) {
  const auto f = [](double y, double s) { return std::sin(y) + s; };
  const auto g = [](double y, double s) { return 0.5 + y * y * s; };
  const auto sde = stratonovich<Noise::diagonal>(f, g);
  const double t = 0.25, h = 0.1, W0 = -0.37, W1 = 0.21;
  double y = 0.8, z = y;
  for (const auto& [s, W] : {std::pair{t, W0}, std::pair{t + h, W1}}) {
    const double z_next = 2 * y - z + f(z, s) * h + g(z, s) * W;
    y += 0.5 * (f(z, s) + f(z_next, s + h)) * h + 0.5 * (g(z, s) + g(z_next, s + h)) * W;
    z = z_next;
  }
  const ReversibleHeun method;
  auto memory = method.start(sde, 0.8, t);
  const double x1 = method.step(sde, 0.8, t, h, Increment<double>{W0}, memory);
  EXPECT_NEAR(method.step(sde, x1, t + h, h, Increment<double>{W1}, memory), y, 1e-15);
  EXPECT_NEAR(memory.z, z, 1e-15);
  EXPECT_EQ(x1, method.step(sde, 0.8, t, h, Increment<double>{W0}));
  EXPECT_NEAR(x1, Heun{}.step(sde, 0.8, t, h, Increment<double>{W0}), 1e-15);
}

TEST(ReversibleHeun, GoesBackToTheStart) {
  using X = Vector<double, 2>;
  const X x0(0.7, -0.4);
  const double h = 0.01;
  const int n = 500;
  const auto path = brownian_path(pendulum, x0, 0.0, 5, 1);
  const ReversibleHeun method;
  auto memory = method.start(pendulum, x0, 0.0);
  X x = x0;
  for (int k = 0; k < n; ++k) {
    x = method.step(pendulum, x, k * h, h, path.increment({k, k * h, h}), memory);
  }
  EXPECT_GT((x - x0).abs().maxCoeff(), 0.05);
  for (int k = n - 1; k >= 0; --k) {
    const Increment<X> back{X(-path.increment({k, k * h, h}).W)};
    x = method.step(pendulum, x, (k + 1) * h, -h, back, memory);
  }
  EXPECT_LT((x - x0).abs().maxCoeff(), 1e-12);
  EXPECT_LT((memory.z - x0).abs().maxCoeff(), 1e-12);
}

// Runs carry the memory: the result is that of the loop by hand, and not that of Heun.
TEST(ReversibleHeun, EveryDriverCarriesTheMemory) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  const auto grid = uniform_grid(0, 1, 8);
  const auto path = brownian_path(gbm, 1.0, 0.0, 3, 2);
  const ReversibleHeun method;
  auto memory = method.start(gbm, 1.0, 0.0);
  double x = 1;
  for (int k = 0; k < 8; ++k) {
    x = method.step(gbm, x, grid[k], grid[k + 1] - grid[k], path.increment({k, 0, 0.125}), memory);
  }
  const SolveOptions saves{.save_at = {0.3, 0.31, 0.9}};
  EXPECT_EQ(solve(gbm, method, 1.0, grid, PathId{3, 2}).x, x);
  EXPECT_EQ(solve(gbm, method, 1.0, grid, PathId{3, 2}, saves).x, x);
  EXPECT_NE(solve(gbm, Heun{}, 1.0, grid, PathId{3, 2}).x, x);
  auto stepper = odeint_stepper(method, gbm, 1.0, 0.0, {3, 2});
  double y = 1;
  for (int k = 0; k < 8; ++k) stepper.do_step(std::cref(gbm), y, grid[k], grid[k + 1] - grid[k]);
  EXPECT_EQ(y, x);
}

// Rejected steps must leave no trace in the memory: at a tight tolerance the adaptive solution is
// near the exact one on its path.
TEST(ReversibleHeun, TakesAdaptiveSteps) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  const auto rms = [&](const auto& method) {
    double sum = 0;
    std::int64_t rejected = 0;
    for (std::uint64_t k = 0; k < 200; ++k) {
      BrownianTree<double> tree(7, k, 0, 1);
      const double exact = gbm.ito.exact(1.0, 1.0, tree.between(0, tree.ticks).W);
      const PiController controller{.rtol = 1e-3, .atol = 1e-3};
      const auto run = solve_adaptive(gbm, method, 1.0, 0, 1, PathId{7, k}, controller);
      EXPECT_TRUE(run.outcome.ok());
      rejected += run.rejected_steps;
      sum += std::pow(run.x - exact, 2);
    }
    EXPECT_GT(rejected, 100);
    return std::sqrt(sum / 200);
  };
  EXPECT_LT(rms(ReversibleHeun{}), 0.03);
  EXPECT_LT(rms(StepDoubling<ReversibleHeun>{}), 0.03);
}

}  // namespace
}  // namespace stochflow
