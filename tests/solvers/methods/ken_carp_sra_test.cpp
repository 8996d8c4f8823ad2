// KenCarpSRA: its orders on an equation that is not linear, its explicit half, what noise it leaves
// on stiff equations, and adaptive steps that stiffness does not rule. (Its tableau is checked when
// it compiles, its orders on linear equations with the catalogue.)

#include "stochflow/methods/ken_carp_sra.hpp"

#include <gtest/gtest.h>

#include "stochflow/models/double_well.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace {

/// By how much the root mean square error falls from 16 to 64 steps; the reference has 1024 on the
/// same path.
template <class P>
double error_ratio(const P& problem) {
  double coarse = 0, fine = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    const FreshIncrements<double> path(11, k);
    const auto end = [&](std::int64_t steps) {
      return solve(problem,
                   KenCarpSRA{},
                   1.0,
                   uniform_grid(0, 1, steps),
                   Coarsened(path, 1024 / steps))
          .x;
    };
    const double exact = end(1024);
    coarse += std::pow(end(16) - exact, 2);
    fine += std::pow(end(64) - exact, 2);
  }
  return std::sqrt(coarse / fine);
}

/// A double well with noise that depends on time, whole or split into a stiff and another part.
struct TimeWell {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  template <class X>
  auto drift(const X& x, double t) const {
    return -4 * x * (x * x - 1) + t;
  }
  template <class X>
  auto diffusion(const X&, double t) const {
    return 0.5 + t;
  }
};
struct SplitTimeWell : TimeWell {
  template <class X>
  auto stiff_drift(const X& x, double) const {
    return -4 * x * x * x;
  }
  template <class X>
  auto nonstiff_drift(const X& x, double t) const {
    return 4 * x + t;
  }
};

// Order 1.5: with the step quartered the error falls by 8; by 4 would be order 1.
TEST(KenCarpSRA, OrderOnANonlinearEquationThatDependsOnTime) {
  EXPECT_GT(error_ratio(TimeWell{}), 6.5);
  EXPECT_GT(error_ratio(SplitTimeWell{}), 6.5);
}

struct Still : TimeWell {
  template <class X>
  auto diffusion(const X&, double) const {
    return 0.0;
  }
};

struct SplitStill : SplitTimeWell {
  template <class X>
  auto diffusion(const X&, double) const {
    return 0.0;
  }
};

// Deterministic order 3, of each half and of both together, on x' = -x^2 (1 + t) + ...
TEST(KenCarpSRA, DeterministicOrderThree) {
  const auto error = [](const auto& problem, int steps) {
    const auto end = [&](int n) {
      return solve(problem, KenCarpSRA{}, 2.0, uniform_grid(0, 1, n), FreshIncrements<double>(0, 0))
          .x;
    };
    return std::abs(end(steps) - end(1024));
  };
  EXPECT_NEAR(std::log2(error(Still{}, 32) / error(Still{}, 64)), 3, 0.3);
  EXPECT_NEAR(std::log2(error(SplitStill{}, 32) / error(SplitStill{}, 64)), 3, 0.3);
}

// One step of a linear equation is R x + w W + k H; the stationary variance follows.
TEST(KenCarpSRA, StationaryVarianceOnStiffEquations) {
  const double lambda = 1e4;
  const OrnsteinUhlenbeck ou{.theta = lambda, .mu = 0, .sigma = 1};
  const auto ratio = [&](double z) {
    const double h = z / lambda;
    const auto step = [&](double x, double W, double H) {
      return KenCarpSRA{}.step(ou, x, 0.0, h, SpaceTimeIncrement<double>{W, H});
    };
    const double R = step(1, 0, 0), w = step(0, 1, 0), k = step(0, 0, 1);
    EXPECT_LT(std::abs(R), 1);
    return h * (w * w + k * k / 12) / (1 - R * R) * (2 * lambda);
  };
  for (const double z : {0.01, 0.1, 0.5}) EXPECT_NEAR(ratio(z), 1, 0.002) << z;
  for (const double z : {1.0, 2.0}) EXPECT_NEAR(ratio(z), 1, 0.06) << z;
  for (const double z : {4.0, 8.0, 100.0, 1e4, 1e6}) EXPECT_LT(ratio(z), 1) << z;
}

// A fast component held to a slow one. Explicit steps would have to stay below 1/lambda = 1e-6.
TEST(KenCarpSRA, AdaptiveStepsFollowTheSlowComponent) {
  using Two = Vector<double, 2>;
  const double lambda = 1e6;
  const auto sde = ito<Noise::additive>(
      [=](const auto& x, double) {
        using T = typename std::decay_t<decltype(x)>::Scalar;
        return Vector<T, 2>(T(1.0) - x[0], T(lambda) * (x[0] * x[0] - x[1]));
      },
      [](const auto& x, double) { return x * 0.0 + 0.05; });
  const PiController controller{.rtol = 1e-3, .atol = 1e-3};
  const auto solution = solve_adaptive(sde, KenCarpSRA{}, Two(3, 9), 0, 2, PathId{7}, controller);
  ASSERT_TRUE(solution.outcome.ok());
  EXPECT_LT(solution.outcome.step + solution.rejected_steps, 2000);
  EXPECT_NEAR(solution.x[0], 1 + 2 * std::exp(-2.0), 0.2);
  EXPECT_NEAR(solution.x[1], solution.x[0] * solution.x[0], 0.05);
}

// The true error follows the tolerance.
TEST(KenCarpSRA, AdaptiveErrorsFollowTheTolerance) {
  const DoubleWell well;
  const auto error = [&](double tolerance) {
    double sum = 0;
    for (std::uint64_t k = 0; k < 40; ++k) {
      const PathId id{8, k};
      const auto end = [&](double tol) {
        const PiController controller{.rtol = tol, .atol = tol, .first_step = 0.01};
        return solve_adaptive(well, KenCarpSRA{}, 1.0, 0, 1, id, controller).x;
      };
      const double e = end(tolerance) - end(1e-6);
      sum += e * e;
    }
    return std::sqrt(sum / 40);
  };
  const double loose = error(1e-2), middle = error(1e-3), tight = error(1e-4);
  EXPECT_LT(loose, 0.1);
  EXPECT_LT(middle, 0.5 * loose);
  EXPECT_LT(tight, 0.6 * middle);
}

TEST(KenCarpSRA, NewtonFailureIsReported) {
  const auto blow_up = ito<Noise::additive>([](const auto& x, double) { return x * x; },
                                            [](const auto&, double) { return 0.0; });
  const auto fixed =
      solve(blow_up, KenCarpSRA{}, 1.0, uniform_grid(0, 2, 8), FreshIncrements<double>(1, 1));
  EXPECT_EQ(fixed.outcome.status, Status::newton_failed);
  const auto bad =
      KenCarpSRA{}.step_with_error(blow_up, 100.0, 0, 1, SpaceTimeIncrement<double>{0, 0});
  EXPECT_TRUE(std::isnan(bad.error));
}

}  // namespace
}  // namespace stochflow
