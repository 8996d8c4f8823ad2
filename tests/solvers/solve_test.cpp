#include "stochflow/solve.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"

namespace stochflow {
namespace {

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(UniformGrid, EndsExactlyAndDoesNotAccumulate) {
  const auto grid = uniform_grid(0.1, 0.7, 3000);
  EXPECT_EQ(grid.front(), 0.1);
  EXPECT_EQ(grid.back(), 0.7);
  EXPECT_NEAR(grid[1500], 0.4, 1e-16);
  EXPECT_THROW(uniform_grid(0, 1, 0), std::invalid_argument);
  EXPECT_THROW(uniform_grid(1, 1, 5), std::invalid_argument);
}

TEST(Solve, LandsOnTheEndAndLeavesTheStartAlone) {
  const GeometricBrownianMotion gbm;
  const Vector<double, 2> x0(1.0, 2.0);
  const auto solution = solve(gbm, EulerMaruyama{}, x0, uniform_grid(0, 0.7, 7), PathId{1, 0});
  EXPECT_TRUE(solution.outcome.ok());
  EXPECT_EQ(solution.t, 0.7);
  EXPECT_EQ(solution.outcome.step, 7);
  EXPECT_EQ(x0[0], 1.0);
  EXPECT_EQ(x0[1], 2.0);
}

TEST(Solve, SavingChangesNothing) {
  const GeometricBrownianMotion gbm;
  const auto grid = uniform_grid(0, 1, 16);
  const auto plain = solve(gbm, Milstein{}, 1.0, grid, PathId{3, 4});
  const SolveOptions options{.save_at = {0.0, 0.01, 0.02, 0.5, 0.77, 1.0}};
  const auto saved = solve(gbm, Milstein{}, 1.0, grid, PathId{3, 4}, options);
  EXPECT_EQ(plain.x, saved.x);
  EXPECT_EQ(saved.times, options.save_at);
  ASSERT_EQ(saved.states.size(), 6u);
  EXPECT_EQ(saved.states.front(), 1.0);
  EXPECT_EQ(saved.states.back(), saved.x);
}

// Between grid points the saved state follows the path's own bridge: for geometric Brownian motion
// log X is Brownian motion with drift, so increments over (0, s), (s, h) must have variances s and
// h - s and no correlation. Milstein over a tiny step is exact enough (error h^1.5 against h^0.5).
TEST(Solve, SavedStatesBetweenGridPointsHaveTheRightLaw) {
  const GeometricBrownianMotion gbm{.mu = 0, .sigma = 1};
  const double h = 1e-4, s = 0.3e-4;
  const auto grid = uniform_grid(0, h, 1);
  const SolveOptions options{.save_at = {s, h}};
  const int n = 40000;
  double left = 0, right = 0, cross = 0;
  for (int k = 0; k < n; ++k) {
    const auto path = PathId{8, static_cast<std::uint64_t>(k)};
    const auto x = solve(gbm, Milstein{}, 1.0, grid, path, options).states;
    const double a = std::log(x[0]) / std::sqrt(s);
    const double b = std::log(x[1] / x[0]) / std::sqrt(h - s);
    left += a * a, right += b * b, cross += a * b;
  }
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_LT(std::abs(left - n) / (root * std::sqrt(2)), 5.5);
  EXPECT_LT(std::abs(right - n) / (root * std::sqrt(2)), 5.5);
  EXPECT_LT(std::abs(cross) / root, 5.5);
}

TEST(Solve, ObserverSeesEveryGridPointAndCanStop) {
  const GeometricBrownianMotion gbm;
  std::vector<double> times;
  const auto grid = uniform_grid(0, 1, 4);
  solve(
      gbm, EulerMaruyama{}, 1.0, grid, PathId{}, {}, [&](double, double t) { times.push_back(t); });
  EXPECT_EQ(times, grid);

  const auto stopped = solve(
      gbm, EulerMaruyama{}, 1.0, grid, PathId{}, {}, [](double, double t) { return t < 0.5; });
  EXPECT_EQ(stopped.outcome.status, Status::stopped);
  EXPECT_EQ(stopped.t, 0.5);
  EXPECT_EQ(stopped.outcome.step, 2);
}

TEST(Solve, CoefficientsAreCalledInsideTheIntervalOnly) {
  double low = 1e9, high = -1e9;
  const auto see = [&](double t) { low = std::min(low, t), high = std::max(high, t); };
  const auto sde = stratonovich<Noise::diagonal>(
      [&](double x, double t) {
        see(t);
        return -x;
      },
      [&](double x, double t) {
        see(t);
        return 0.1 * x;
      });
  solve(sde, Heun{}, 1.0, uniform_grid(0.1, 0.7, 17), PathId{}, {.save_at = {0.2, 0.65}});
  EXPECT_GE(low, 0.1);
  EXPECT_LE(high, 0.7);
}

TEST(Solve, ExplosionIsAnOutcomeWithASentence) {
  const auto sde = ito<Noise::additive>([](double x, double) { return x * x * x; },
                                        [](double, double) { return 0.0; });
  const auto solution = solve(sde, EulerMaruyama{}, 10.0, uniform_grid(0, 1, 10), PathId{});
  EXPECT_EQ(solution.outcome.status, Status::not_finite);
  EXPECT_TRUE(std::isfinite(solution.x));
  EXPECT_LT(solution.t, 1);
  EXPECT_NE(solution.outcome.message().find("take smaller steps"), std::string::npos);
}

TEST(Solve, MisuseIsASentence) {
  const GeometricBrownianMotion gbm;
  const auto run = [&](std::vector<double> grid, std::vector<double> save_at) {
    return message_of(
        [&] { solve(gbm, EulerMaruyama{}, 1.0, grid, PathId{}, {.save_at = std::move(save_at)}); });
  };
  EXPECT_NE(run({0}, {}).find("the grid has 1 times"), std::string::npos);
  EXPECT_NE(run({0, 1, 1}, {}).find("grid[1] = 1 and grid[2] = 1"), std::string::npos);
  EXPECT_NE(run({0, NAN}, {}).find("must be finite"), std::string::npos);
  EXPECT_NE(run({0, 1}, {1.5}).find("save_at[0] = 1.5"), std::string::npos);
  EXPECT_NE(run({0, 1}, {0.5, 0.5}).find("save_at[1] = 0.5"), std::string::npos);
  const std::string unrefined = message_of([&] {
    solve(gbm,
          EulerMaruyama{},
          1.0,
          uniform_grid(0, 1, 2),
          PrescribedIncrements<double>({0.1, 0.1}),
          {.save_at = {0.3}});
  });
  EXPECT_NE(unrefined.find("this path cannot be refined"), std::string::npos);
}

TEST(NoiseLike, FollowsTheStructure) {
  const Vector<double, 2> x(1.0, 2.0);
  const auto scalar = ito<Noise::scalar>([](const auto& y, double) { return y; },
                                         [](const auto& y, double) { return y; });
  static_assert(std::is_same_v<decltype(noise_like(scalar, x, 0)), double>);
  EXPECT_EQ(noise_like(GeometricBrownianMotion{}, x, 0).size(), 2);
  const auto wide = ito<Noise::general>(
      [](const auto& y, double) { return y; },
      [](const auto&, double) -> Matrix<double, 2, 3> { return Matrix<double, 2, 3>::Ones(); });
  EXPECT_EQ(noise_like(wide, x, 0).size(), 3);
  EXPECT_EQ(noise_like(Heston{}, x, 0).size(), 2);
}

}  // namespace
}  // namespace stochflow
