#include <gtest/gtest.h>

#include <vector>

#include "stochflow/control/pi_controller.hpp"
#include "stochflow/control/pid_controller.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/solve_adaptive.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

const std::vector<double> errors{0.3, 1.7, 0.9, 0.02, 1e-14, 3, 0.5};

TEST(PidController, WithoutDerivativeIsThePiController) {
  const PiController pi;
  const PidController pid{.derivative = 0};
  PiController::Memory a;
  PidController::Memory b;
  for (const double e : errors) {
    EXPECT_EQ(pi.factor(e, 1.5, e <= 1, a), pid.factor(e, 1.5, e <= 1, b));
  }
}

// The formula, with the history of accepted steps only.
TEST(PidController, FollowsItsFormula) {
  const PidController c{.shrink = 1e-9, .grow = 1e9};
  PidController::Memory memory;
  double e1 = 1, e2 = 1;
  const double k = 1.5, I = c.integral, P = c.proportional, D = c.derivative;
  for (const double e : {0.3, 1.7, 0.9, 0.02}) {
    const double expected = 0.9 * std::pow(1 / e, (I + P + D) / k) *
                            std::pow(1 / e1, -(P + 2 * D) / k) * std::pow(1 / e2, D / k);
    const bool accepted = e <= 1;
    EXPECT_NEAR(
        c.factor(e, k, accepted, memory), accepted ? expected : std::min(expected, 0.9), 1e-14);
    if (accepted) e2 = e1, e1 = e;
  }
  EXPECT_EQ(c.factor(NAN, k, false, memory), c.shrink);
}

TEST(PidController, DrivesAdaptiveSteps) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  double sum = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    BrownianTree<double> tree(5, k, 0, 1);
    const double exact = gbm.ito.exact(1.0, 1.0, tree.between(0, tree.ticks).W);
    const PidController controller{.rtol = 1e-4, .atol = 1e-4, .first_step = automatic_first_step};
    const auto run = solve_adaptive(gbm, SPaRK{}, 1.0, 0, 1, PathId{5, k}, controller);
    EXPECT_TRUE(run.outcome.ok());
    sum += std::pow(run.x - exact, 2);
  }
  EXPECT_LT(std::sqrt(sum / 200), 0.01);
}

// The automatic first step follows the scale of the equation: speeding time up by 100 divides it by
// about 100, and coefficients are asked for inside the interval only.
TEST(FirstStep, FollowsTheTimeScale) {
  const auto first = [](double rate, double t1) {
    double latest = 0;
    const auto sde = stratonovich<Noise::additive>(
        [&, rate](double x, double t) {
          latest = std::max(latest, t);
          return -rate * x;
        },
        [rate](double, double) { return 0.1 * std::sqrt(rate); });
    const double h = detail::first_step(sde, 1.0, 0.0, t1, 2.0, 1e-3, 1e-3);
    EXPECT_LE(latest, t1);
    EXPECT_GT(h, 0);
    EXPECT_LE(h, t1 / 10);
    return h;
  };
  const double slow = first(1, 1000), fast = first(100, 1000);
  EXPECT_GT(slow / fast, 8);
  EXPECT_LT(slow / fast, 120);
  EXPECT_LE(first(1, 1e-6), 1e-7);
  EXPECT_THROW(solve_adaptive(verify::OrnsteinUhlenbeckTest{},
                              SPaRK{},
                              1.0,
                              0,
                              1,
                              PathId{},
                              PiController{.first_step = -2}),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
