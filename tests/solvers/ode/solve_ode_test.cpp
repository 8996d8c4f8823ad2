#include "stochflow/ode/solve_ode.hpp"

#include <gtest/gtest.h>

#include <boost/numeric/odeint/integrate/integrate_const.hpp>
#include <boost/numeric/odeint/integrate/integrate_n_steps.hpp>
#include <cmath>
#include <functional>
#include <numbers>
#include <tuple>
#include <utility>

#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/ode/extrapolation.hpp"
#include "stochflow/ode/implicit_euler.hpp"
#include "stochflow/ode/multistep.hpp"
#include "stochflow/ode/rosenbrock.hpp"
#include "stochflow/ode/sde_stepper.hpp"
#include "stochflow/ode/second_order.hpp"

namespace stochflow {
namespace {

const auto oscillator = [](const auto& x, double) {
  auto y = x;
  y[0] = x[1];
  y[1] = -x[0];
  return y;
};

template <class Tag>
class Adaptive : public testing::Test {};
using Tags =
    testing::Types<Dopri5, CashKarp54, Fehlberg78, BulirschStoer, AdaptiveAdams, Rosenbrock4>;
TYPED_TEST_SUITE(Adaptive, Tags);

TYPED_TEST(Adaptive, ErrorFollowsTheToleranceOnFixedAndDynamicArrays) {
  const Vector<double, 2> fixed(1, 0);
  Eigen::ArrayXd dynamic(2);
  dynamic << 1, 0;
  const auto a = solve_ode(oscillator, TypeParam{1e-9, 1e-9}, fixed, 0, 10);
  const auto b = solve_ode(oscillator, TypeParam{1e-9, 1e-9}, dynamic, 0, 10);
  ASSERT_TRUE(a.outcome.ok());
  EXPECT_EQ(a.t, 10);
  EXPECT_NEAR(a.x[0], std::cos(10.0), 2e-8);
  EXPECT_NEAR(a.x[1], -std::sin(10.0), 2e-8);
  EXPECT_NEAR(a.x[0], b.x[0], 1e-14);
  const auto loose = solve_ode(oscillator, TypeParam{1e-4, 1e-4}, fixed, 0, 10);
  EXPECT_LT(loose.evaluations, a.evaluations);
  EXPECT_GT(std::abs(loose.x[0] - std::cos(10.0)), std::abs(a.x[0] - std::cos(10.0)));
}

TYPED_TEST(Adaptive, BackwardUndoesForward) {
  const Vector<double, 2> x0(1, 0);
  const TypeParam tag{1e-10, 1e-10};
  const auto there = solve_ode(oscillator, tag, x0, 0, 3);
  const auto back = solve_ode(oscillator, tag, there.x, 3, 0);
  EXPECT_NEAR(back.x[0], 1, 1e-8);
  EXPECT_NEAR(back.x[1], 0, 1e-8);
}

TYPED_TEST(Adaptive, SaveTimesAreHitExactly) {
  const Vector<double, 2> x0(1, 0);
  const std::vector<double> times{0, 0.1, 0.123, 2, 5};
  const auto s = solve_ode(oscillator, TypeParam{1e-9, 1e-9}, x0, 0, 5, {.save_at = times});
  ASSERT_EQ(s.times, times);
  for (std::size_t k = 0; k < times.size(); ++k) {
    EXPECT_NEAR(s.states[k][0], std::cos(times[k]), 1e-8);
  }
}

// The oscillator on a clock of its own: time dependence shows stages at wrong times.
const auto uneven = [](const auto& x, double t) {
  auto y = x;
  y[0] = (1 + 0.5 * std::sin(t)) * x[1];
  y[1] = -(1 + 0.5 * std::sin(t)) * x[0];
  return y;
};
Vector<double, 2> uneven_solution(double t) {
  const double angle = t + 0.5 * (1 - std::cos(t));
  return {std::cos(angle), -std::sin(angle)};
}

template <class T, int order_, int n_>
struct Fixed {
  using Tag = T;
  static constexpr int order = order_, n = n_;
};

template <class Row>
class InSteps : public testing::Test {};
using Rows = testing::Types<Fixed<ExplicitEuler, 1, 800>,
                            Fixed<ModifiedMidpoint, 2, 100>,
                            Fixed<Rk4, 4, 40>,
                            Fixed<AdamsBashforth<1>, 1, 800>,
                            Fixed<AdamsBashforth<2>, 2, 400>,
                            Fixed<AdamsBashforth<3>, 3, 400>,
                            Fixed<AdamsBashforth<4>, 4, 200>,
                            Fixed<AdamsBashforth<5>, 5, 200>,
                            Fixed<AdamsBashforthMoulton<1>, 1, 800>,
                            Fixed<AdamsBashforthMoulton<2>, 2, 400>,
                            Fixed<AdamsBashforthMoulton<3>, 3, 400>,
                            Fixed<AdamsBashforthMoulton<4>, 4, 200>,
                            Fixed<AdamsBashforthMoulton<6>, 6, 60>,
                            Fixed<Extrapolation<4>, 4, 20>,
                            Fixed<Extrapolation<6>, 6, 20>,
                            Fixed<ImplicitEuler, 1, 800>>;
TYPED_TEST_SUITE(InSteps, Rows);

TYPED_TEST(InSteps, HasItsOrderOnFixedAndDynamicArraysForwardAndBackward) {
  using Tag = typename TypeParam::Tag;
  const auto order = [](const auto& x0, double t0, double t1) {
    const auto error = [&](std::int64_t n) {
      const auto s = solve_ode(uneven, Tag{n}, x0, t0, t1);
      EXPECT_TRUE(s.outcome.ok());
      EXPECT_EQ(s.t, t1);
      return (Vector<double, 2>(s.x) - uneven_solution(t1)).matrix().norm();
    };
    return std::log2(error(TypeParam::n) / error(2 * TypeParam::n));
  };
  Eigen::ArrayXd dynamic(2);
  dynamic << 1, 0;
  EXPECT_NEAR(order(Vector<double, 2>(1, 0), 0, 2), TypeParam::order, 0.15);
  EXPECT_NEAR(order(dynamic, 0, 2), TypeParam::order, 0.15);
  EXPECT_NEAR(order(uneven_solution(2), 2, 0), TypeParam::order, 0.15);
}

TEST(SolveOde, MultistepMethodsNeedOneOrTwoEvaluationsAStep) {
  const Vector<double, 2> x0(1, 0);
  EXPECT_LT(solve_ode(uneven, AdamsBashforth<4>{1000}, x0, 0, 2).evaluations, 1020);
  EXPECT_LT(solve_ode(uneven, AdamsBashforthMoulton<4>{1000}, x0, 0, 2).evaluations, 2020);
}

// Odeint's Bulirsch-Stoer takes hundreds of steps for this one backwards.
TEST(SolveOde, BulirschStoerRunsBackwardAsItRunsForward) {
  const Vector<double, 2> x0(1, 0);
  const BulirschStoer tag{1e-8, 1e-8};
  const auto there = solve_ode(uneven, tag, x0, 0, 10);
  const auto back = solve_ode(uneven, tag, there.x, 10, 0);
  EXPECT_LT(back.outcome.step, 2 * there.outcome.step);
  EXPECT_NEAR(back.x[0], 1, 1e-6);
}

TEST(SolveOde, ImplicitEulerDampsWhatIsStiff) {
  const auto stiff = [](const auto& x, double t) {
    auto y = x;
    y[0] = -1e6 * (x[0] - std::cos(t)) - std::sin(t);
    return y;
  };
  const auto s = solve_ode(stiff, ImplicitEuler{20}, Vector<double, 1>(2.0), 0, 1);
  EXPECT_NEAR(s.x[0], std::cos(1.0), 1e-6);
  const auto explosive = [](const auto& x, double) { return std::decay_t<decltype(x)>(x * x); };
  const auto lost = solve_ode(explosive, ImplicitEuler{2}, 1.0, 0, 2);
  EXPECT_EQ(lost.outcome.status, Status::newton_failed);
  EXPECT_EQ(lost.outcome.step, 0);
}

template <class Row>
class SecondOrder : public testing::Test {};
using SecondOrderRows = testing::Types<Fixed<SymplecticEuler, 1, 800>,
                                       Fixed<VelocityVerlet, 2, 100>,
                                       Fixed<McLachlan, 4, 20>,
                                       Fixed<McLachlanM4, 4, 20>>;
TYPED_TEST_SUITE(SecondOrder, SecondOrderRows);

// A pendulum, with the period of its amplitude by the arithmetic-geometric mean.
TYPED_TEST(SecondOrder, HasItsOrderAndKeepsTheEnergy) {
  using Tag = typename TypeParam::Tag;
  const double amplitude = 1.2;
  double a = 1, g = std::cos(amplitude / 2);
  for (int k = 0; k < 6; ++k) std::tie(a, g) = std::pair(0.5 * (a + g), std::sqrt(a * g));
  const double period = 2 * std::numbers::pi / a;
  const auto force = [](const auto& x) { return std::decay_t<decltype(x)>(-sin(x)); };
  const PhaseSpace start{Vector<double, 1>(amplitude), Vector<double, 1>(0.0)};
  const auto error = [&](std::int64_t n) {
    const auto s = solve_second_order(force, Tag{n}, start, 0, 1.25 * period);
    return std::abs(s.x.x[0]);  // it passes the lowest point
  };
  EXPECT_NEAR(std::log2(error(TypeParam::n) / error(2 * TypeParam::n)), TypeParam::order, 0.15);

  const auto energy = [](const PhaseSpace<double>& s) { return s.v * s.v / 2 - std::cos(s.x); };
  const auto wobble = [&](double periods) {
    double most = 0;
    const PhaseSpace<double> single{amplitude, 0};
    solve_second_order([](double x) { return -std::sin(x); },
                       Tag{static_cast<std::int64_t>(20 * periods)},
                       single,
                       0,
                       periods * period,
                       {},
                       [&](const PhaseSpace<double>& s, double) {
                         most = std::max(most, std::abs(energy(s) - energy(single)));
                       });
    return most;
  };
  EXPECT_LT(wobble(1000), 1.2 * wobble(10));
}

TEST(SolveOde, DoubleStates) {
  const auto s = solve_ode([](double x, double) { return -x; }, Dopri5{1e-10, 1e-10}, 1.0, 0, 1);
  EXPECT_NEAR(s.x, std::exp(-1.0), 1e-9);
}

TEST(SolveOde, BlowUpAndBudgetAreOutcomes) {
  const auto square = [](double x, double) { return x * x; };
  const auto singular = solve_ode(square, Dopri5{1e-10, 1e-10}, 1.0, 0, 2);
  EXPECT_EQ(singular.outcome.status, Status::step_underflow);
  EXPECT_NEAR(singular.t, 1, 1e-9);
  const auto tired = solve_ode(square, Dopri5{1e-10, 1e-10}, 1.0, 0, 0.9, {.max_steps = 5});
  EXPECT_EQ(tired.outcome.status, Status::max_steps);
  EXPECT_NE(tired.outcome.message().find("raise max_steps"), std::string::npos);
}

TEST(SolveOde, FieldIsCalledInsideTheIntervalOnly) {
  double low = 1, high = 0;
  const auto field = [&](double x, double t) {
    low = std::min(low, t), high = std::max(high, t);
    return -5 * x;
  };
  solve_ode(field, Dopri5{1e-6, 1e-6}, 1.0, 0, 1, {.save_at = {0.3}});
  solve_ode(field, Fehlberg78{1e-6, 1e-6}, 1.0, 1, 0);
  solve_ode(field, Rk4{7}, 1.0, 0, 1);
  solve_ode(field, BulirschStoer{1e-6, 1e-6}, 1.0, 1, 0);
  solve_ode(field, AdaptiveAdams{1e-6, 1e-6}, 1.0, 0, 1);
  solve_ode(field, AdamsBashforthMoulton<4>{9}, 1.0, 0, 1);
  EXPECT_GE(low, 0);
  EXPECT_LE(high, 1);
}

// Robertson's kinetics at t = 40; reference values from Hairer and Wanner's test set.
TEST(SolveOde, RosenbrockOnRobertson) {
  const auto field = [](const auto& y, double) {
    using T = typename std::decay_t<decltype(y)>::Scalar;
    std::decay_t<decltype(y)> d = y;
    d[0] = T(-0.04) * y[0] + T(1e4) * y[1] * y[2];
    d[2] = T(3e7) * y[1] * y[1];
    d[1] = -d[0] - d[2];
    return d;
  };
  const Vector<double, 3> y0(1, 0, 0);
  const auto s = solve_ode(field, Rosenbrock4{1e-8, 1e-12}, y0, 0, 40);
  ASSERT_TRUE(s.outcome.ok());
  EXPECT_NEAR(s.x[0], 0.7158270688, 1e-7);
  EXPECT_NEAR(s.x[1], 0.9185534765e-5, 1e-11);
  EXPECT_NEAR(s.x[2], 0.2841637457, 1e-7);
  EXPECT_LT(s.outcome.step, 500);
}

// Prothero and Robinson's equation, y = cos t, mild and stiff. The order shows in the number of
// steps: order 4 with an order-3 estimate needs 10^(1/4) times the steps for a tenth of the error;
// the wrong sign of one time coefficient needs ten times.
TEST(SolveOde, RosenbrockSeesTimeDependence) {
  for (const double stiffness : {1.0, 1000.0}) {
    const auto field = [=](const auto& y, double t) {
      std::decay_t<decltype(y)> d = y;
      d[0] = -stiffness * (y[0] - std::cos(t)) - std::sin(t);
      return d;
    };
    const Vector<double, 1> y0(1.0);
    const auto s = solve_ode(field, Rosenbrock4{1e-8, 1e-8}, y0, 0, 2);
    EXPECT_NEAR(s.x[0], std::cos(2.0), 1e-7);
    EXPECT_LT(s.outcome.step, stiffness == 1.0 ? 100 : 1000);
  }
}

TEST(OdeintSdeStepper, IntegrateRoutinesReproduceSolve) {
  const GeometricBrownianMotion gbm;
  const auto grid = uniform_grid(0, 1, 256);
  const double expected = solve(gbm, Milstein{}, 1.0, grid, PathId{1, 5}).x;
  double x = 1;
  int seen = 0;
  boost::numeric::odeint::integrate_const(odeint_stepper(Milstein{}, gbm, x, 0.0, {1, 5}),
                                          std::cref(gbm),
                                          x,
                                          0.0,
                                          1.0,
                                          1.0 / 256,
                                          [&](double, double) { ++seen; });
  EXPECT_EQ(x, expected);
  EXPECT_EQ(seen, 257);
  x = 1;
  boost::numeric::odeint::integrate_n_steps(
      odeint_stepper(Milstein{}, gbm, x, 0.0, {1, 5}), std::cref(gbm), x, 0.0, 1.0 / 256, 256);
  EXPECT_EQ(x, expected);
}

}  // namespace
}  // namespace stochflow
