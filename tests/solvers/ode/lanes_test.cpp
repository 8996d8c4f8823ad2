#include "stochflow/ode/lanes.hpp"

#include <gtest/gtest.h>

#include "stochflow/ode/steppers.hpp"

namespace stochflow {
namespace {

/// Oscillators x'' = -w^2 x + a cos(t); parameters w and a.
const auto oscillators = [](const auto& x, const auto& t, const auto& q) {
  using std::cos;
  using X = std::decay_t<decltype(x)>;
  return X(x[1], q[1] * cos(t) - q[0] * q[0] * x[0]);
};
struct Ensemble {
  Lanes<2> starts;
  Lanes<2> parameters;
};
Ensemble ensemble(Eigen::Index count) {
  Ensemble e{Lanes<2>(2, count), Lanes<2>(2, count)};
  for (Eigen::Index k = 0; k < count; ++k) {
    e.starts.col(k) << 1, 0.01 * static_cast<double>(k);
    e.parameters.col(k) << 1.25 + 0.25 * static_cast<double>(k * k % 17), 0.1;
  }
  return e;
}
double exact(const Ensemble& e, Eigen::Index k, double t) {
  const double w = e.parameters(0, k), forced = e.parameters(1, k) / (w * w - 1);
  return (e.starts(0, k) - forced) * std::cos(w * t) + e.starts(1, k) / w * std::sin(w * t) +
         forced * std::cos(t);
}

template <class Method>
double worst_error(const Method& method, double t1) {
  const Ensemble e = ensemble(37);
  const auto run = solve_ode_lanes(oscillators, method, e.starts, e.parameters, 0.0, t1);
  double worst = 0;
  for (Eigen::Index k = 0; k < 37; ++k) {
    const Outcome& outcome = run.outcomes[static_cast<std::size_t>(k)];
    EXPECT_TRUE(outcome.ok()) << outcome.message();
    EXPECT_EQ(outcome.t, t1);
    worst = std::max(worst, std::abs(run.x(0, k) - exact(e, k, t1)));
  }
  return worst;
}

TEST(OdeLanes, ErrorFollowsTheTolerance) {
  EXPECT_LT(worst_error(Dopri5{.rtol = 1e-6, .atol = 1e-6}, 10), 1e-3);
  EXPECT_LT(worst_error(Dopri5{.rtol = 1e-10, .atol = 1e-10}, 10), 1e-7);
  EXPECT_LT(worst_error(Tsit5{.rtol = 1e-6, .atol = 1e-6}, 10), 1e-3);
  EXPECT_LT(worst_error(Tsit5{.rtol = 1e-10, .atol = 1e-10}, 10), 1e-7);
  EXPECT_LT(worst_error(Dop853{.rtol = 1e-12, .atol = 1e-12}, 10), 1e-8);
  EXPECT_LT(worst_error(Dop853{.rtol = 1e-12, .atol = 1e-12}, -10), 1e-8);
}

// The same to the last bit alone, in any company, in any order, for any number of threads.
TEST(OdeLanes, TrajectoriesDoNotFeelTheirNeighbours) {
  const auto check = [](const auto& method) {
    const Ensemble e = ensemble(53);
    const std::vector<double> saves{0.7, 3.1, 4.0};
    const auto all = solve_ode_lanes(
        oscillators, method, e.starts, e.parameters, 0.0, 4.0, {.save_at = saves, .threads = 1});
    const auto expect_same = [&](const auto& other, std::size_t i, std::size_t j) {
      const auto k = static_cast<Eigen::Index>(i), l = static_cast<Eigen::Index>(j);
      EXPECT_TRUE((all.x.col(k) == other.x.col(l)).all()) << i;
      for (std::size_t s = 0; s < saves.size(); ++s) {
        EXPECT_TRUE((all.states[s].col(k) == other.states[s].col(l)).all()) << i;
      }
      EXPECT_EQ(all.outcomes[i].step, other.outcomes[j].step);
      EXPECT_EQ(all.rejected[i], other.rejected[j]);
      EXPECT_EQ(all.evaluations[i], other.evaluations[j]);
    };
    for (std::size_t i : {0, 3, 52}) {
      const auto k = static_cast<Eigen::Index>(i);
      const Lanes<2> start = e.starts.col(k), q = e.parameters.col(k);
      expect_same(
          solve_ode_lanes(oscillators, method, start, q, 0.0, 4.0, {.save_at = saves}), i, 0);
    }
    const Lanes<2> starts = e.starts.rowwise().reverse(), q = e.parameters.rowwise().reverse();
    for (const int threads : {1, 3}) {
      const auto reversed = solve_ode_lanes(
          oscillators, method, starts, q, 0.0, 4.0, {.save_at = saves, .threads = threads});
      for (std::size_t i = 0; i < 53; ++i) expect_same(reversed, i, 52 - i);
    }
    EXPECT_GT(all.outcomes[4].step, 2 * all.outcomes[0].step);  // w = 5.25 and 1.25
  };
  check(Tsit5{});
  check(Dop853{});
}

TEST(OdeLanes, SavedStatesAreAsAccurateAsTheEnd) {
  const std::vector<double> saves{0, 0.1, 1.234, 2.5, 2.5001, 4};
  const Ensemble e = ensemble(19);
  const auto check = [&](const auto& method, double bound) {
    const auto run =
        solve_ode_lanes(oscillators, method, e.starts, e.parameters, 0.0, 4.0, {.save_at = saves});
    for (std::size_t i = 0; i < saves.size(); ++i) {
      for (Eigen::Index k = 0; k < 19; ++k) {
        EXPECT_NEAR(run.states[i](0, k), exact(e, k, saves[i]), bound) << saves[i];
      }
    }
    EXPECT_TRUE((run.states[5] == run.x).all());
    return run;
  };
  check(Dopri5{.rtol = 1e-9, .atol = 1e-9}, 1e-6);
  const auto dense = check(Tsit5{.rtol = 1e-9, .atol = 1e-9}, 1e-6);
  check(Dop853{}, 1e-7);
  // Interpolated times cost no steps.
  const auto plain = solve_ode_lanes(
      oscillators, Tsit5{.rtol = 1e-9, .atol = 1e-9}, e.starts, e.parameters, 0.0, 4.0);
  EXPECT_EQ(plain.outcomes[5].step, dense.outcomes[5].step);
  EXPECT_TRUE((plain.x == dense.x).all());
}

// x' = x^2 explodes at 1/x0: those trajectories end with a status, the others arrive.
TEST(OdeLanes, OneFailureLeavesTheOthersAlone) {
  const auto square = [](const auto& x, const auto&) { return x.square().eval(); };
  Lanes<1> x0(1, 25);
  x0.setConstant(0.1);
  x0.leftCols(5) << 0.5, 2, 0.1, std::nan(""), 0.9;
  const auto run =
      solve_ode_lanes(square, Tsit5{}, x0, 0.0, 1.0, {.save_at = {0.25, 0.75}, .max_steps = 3000});
  EXPECT_TRUE(run.outcomes[0].ok());
  EXPECT_NEAR(run.x(0, 0), 1, 1e-5);
  EXPECT_FALSE(run.outcomes[1].ok());
  EXPECT_NEAR(run.outcomes[1].t, 0.5, 1e-3);
  EXPECT_NEAR(run.states[0](0, 1), 4, 1e-3);
  EXPECT_TRUE(std::isnan(run.states[1](0, 1)));
  EXPECT_EQ(run.outcomes[3].status, Status::not_finite);
  EXPECT_NEAR(run.x(0, 4), 9, 1e-3);
  for (Eigen::Index k = 5; k < 25; ++k) EXPECT_NEAR(run.x(0, k), 1 / 9.0, 1e-5);
  const auto short_of_steps = solve_ode_lanes(square, Tsit5{}, x0, 0.0, 1.0, {.max_steps = 3});
  EXPECT_EQ(short_of_steps.outcomes[4].status, Status::max_steps);
  EXPECT_EQ(short_of_steps.outcomes[4].step + short_of_steps.rejected[4], 3);
}

TEST(OdeLanes, RefuseWhatCannotBeRun) {
  const auto still = [](const auto& x, const auto&) { return (0.0 * x).eval(); };
  const Lanes<1> x0 = Lanes<1>::Ones(1, 3);
  EXPECT_EQ(solve_ode_lanes(still, Tsit5{}, x0, 0.0, 1.0).x(0, 2), 1);
  EXPECT_THROW(solve_ode_lanes(still, Tsit5{}, x0, 0.0, 0.0), std::invalid_argument);
  EXPECT_THROW(solve_ode_lanes(still, Tsit5{}, Lanes<1>(1, 0), 0.0, 1.0), std::invalid_argument);
  EXPECT_THROW(solve_ode_lanes(still, Tsit5{}, x0, 0.0, 1.0, {.save_at = {2}}),
               std::invalid_argument);
  EXPECT_THROW(solve_ode_lanes(still, Tsit5{}, x0, Lanes<2>(2, 1), 0.0, 1.0),
               std::invalid_argument);
}

TEST(OdeStepControl, PowersAreAccurateAndTheSameInLanes) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    const double log = detail::fast_log2(x);
    EXPECT_NEAR(log, std::log2(x), 1e-8);
    EXPECT_EQ(detail::fast_log2(Pack<double>(x))[1], log);
  }
  for (double y = -1000; y < 1000; y += 0.77) {
    const double power = detail::fast_exp2(y);
    EXPECT_NEAR(power / std::exp2(y), 1, 3e-9);
    EXPECT_EQ(detail::fast_exp2(Pack<double>(y))[1], power);
  }
}

TEST(OdeStepControl, FollowsItsFormula) {
  detail::OdeStepControl<double, 5> control;
  EXPECT_NEAR(control.factor(0.25, true), 0.9 * std::pow(0.5, -0.17), 1e-7);
  EXPECT_NEAR(control.factor(0.36, true), 0.9 * std::pow(0.6, -0.17) * std::pow(0.5, 0.04), 1e-7);
  EXPECT_NEAR(control.factor(9, false), 0.9 * std::pow(3, -0.2), 1e-7);
  EXPECT_NEAR(control.factor(0, true), 5, 1e-7);
  EXPECT_NEAR(control.factor(1e300, false), 0.2, 1e-7);
  EXPECT_NEAR(control.factor(NAN, false), 0.2, 1e-7);
  EXPECT_NEAR(control.factor(1.0001, false), 0.9, 1e-4);
}

}  // namespace
}  // namespace stochflow
