#include "stochflow/ode/batch.hpp"

#include <gtest/gtest.h>

namespace stochflow {
namespace {

/// Oscillators x'' = -w^2 x; the components are x, x', w.
const auto oscillators = [](const Lanes<3>& y, const LaneRow&) {
  Lanes<3> dy(3, y.cols());
  dy.row(0) = y.row(1);
  dy.row(1) = -y.row(2).square() * y.row(0);
  dy.row(2).setZero();
  return dy;
};
Lanes<3> starts(Eigen::Index count) {
  Lanes<3> y(3, count);
  for (Eigen::Index k = 0; k < count; ++k) {
    y.col(k) << 1, 0, 0.5 + 0.25 * static_cast<double>(k * k % 17);
  }
  return y;
}

template <class Method>
double worst_error(const Method& method, double t1) {
  const auto y0 = starts(37);
  const auto run = solve_ode_batch(oscillators, method, y0, 0.0, t1);
  double worst = 0;
  for (Eigen::Index k = 0; k < 37; ++k) {
    EXPECT_TRUE(run.outcomes[static_cast<std::size_t>(k)].ok());
    EXPECT_EQ(run.outcomes[static_cast<std::size_t>(k)].t, t1);
    worst = std::max(worst, std::abs(run.x(0, k) - std::cos(y0(2, k) * t1)));
  }
  return worst;
}

TEST(OdeBatch, ErrorFollowsTheTolerance) {
  EXPECT_LT(worst_error(Tsit5{.rtol = 1e-6, .atol = 1e-6}, 10), 1e-3);
  EXPECT_LT(worst_error(Tsit5{.rtol = 1e-10, .atol = 1e-10}, 10), 1e-7);
  EXPECT_LT(worst_error(Dop853{.rtol = 1e-12, .atol = 1e-12}, 10), 1e-8);
  EXPECT_LT(worst_error(Dop853{.rtol = 1e-12, .atol = 1e-12}, -10), 1e-8);
}

// Each trajectory's steps are its own: the same alone, in any company, in any order, for any number
// of lanes, to the last bit (this field has + - * only); a fast oscillator takes more of them.
TEST(OdeBatch, TrajectoriesDoNotFeelTheirNeighbours) {
  const auto check = [](const auto& method) {
    const auto y0 = starts(23);
    const std::vector<double> saves{0.7, 3.1};
    const auto all = solve_ode_batch(oscillators, method, y0, 0.0, 4.0, {.save_at = saves});
    for (const std::int64_t lanes : {1, 3, 64}) {
      const Lanes<3> reversed = y0.rowwise().reverse();
      const auto other = solve_ode_batch(
          oscillators, method, reversed, 0.0, 4.0, {.save_at = saves, .lanes = lanes});
      for (Eigen::Index k = 0; k < 23; ++k) {
        const auto i = static_cast<std::size_t>(k), j = static_cast<std::size_t>(22 - k);
        EXPECT_EQ(all.x(0, k), other.x(0, 22 - k));
        EXPECT_EQ(all.states[1](1, k), other.states[1](1, 22 - k));
        EXPECT_EQ(all.outcomes[i].step, other.outcomes[j].step);
        EXPECT_EQ(all.rejected[i], other.rejected[j]);
        EXPECT_EQ(all.evaluations[i], other.evaluations[j]);
      }
    }
    EXPECT_GT(all.outcomes[3].step, 2 * all.outcomes[0].step);  // w = 2.75 and 0.5
  };
  check(Tsit5{});
  check(Dop853{});
}

TEST(OdeBatch, SavedStatesAreAsAccurateAsTheEnd) {
  const std::vector<double> saves{0, 0.1, 1.234, 2.5, 4};
  const auto y0 = starts(9);
  const auto check = [&](const auto& method, double bound) {
    const auto run = solve_ode_batch(oscillators, method, y0, 0.0, 4.0, {.save_at = saves});
    for (std::size_t i = 0; i < saves.size(); ++i) {
      for (Eigen::Index k = 0; k < 9; ++k) {
        EXPECT_NEAR(run.states[i](0, k), std::cos(y0(2, k) * saves[i]), bound);
      }
    }
    for (Eigen::Index k = 0; k < 9; ++k) EXPECT_EQ(run.states[4](0, k), run.x(0, k));
    return run;
  };
  const auto dense = check(Tsit5{.rtol = 1e-9, .atol = 1e-9}, 1e-6);
  check(Dop853{}, 1e-7);
  // Interpolated times cost no steps.
  const auto plain = solve_ode_batch(oscillators, Tsit5{.rtol = 1e-9, .atol = 1e-9}, y0, 0.0, 4.0);
  EXPECT_EQ(plain.outcomes[5].step, dense.outcomes[5].step);
  EXPECT_EQ(plain.x(0, 5), dense.x(0, 5));
}

// x' = x^2 explodes at 1/x0: those trajectories end with a status, the others arrive.
TEST(OdeBatch, OneFailureLeavesTheOthersAlone) {
  const auto square = [](const Lanes<1>& x, const LaneRow&) -> Lanes<1> { return x.square(); };
  Lanes<1> x0(1, 5);
  x0 << 0.5, 2, 0.1, std::nan(""), 0.9;
  const auto run = solve_ode_batch(
      square, Tsit5{}, x0, 0.0, 1.0, {.save_at = {0.25, 0.75}, .lanes = 2, .max_steps = 3000});
  EXPECT_TRUE(run.outcomes[0].ok());
  EXPECT_NEAR(run.x(0, 0), 1, 1e-5);
  EXPECT_FALSE(run.outcomes[1].ok());
  EXPECT_NEAR(run.outcomes[1].t, 0.5, 1e-3);
  EXPECT_NEAR(run.states[0](0, 1), 4, 1e-3);
  EXPECT_TRUE(std::isnan(run.states[1](0, 1)));
  EXPECT_NEAR(run.x(0, 2), 1 / 9.0, 1e-5);
  EXPECT_EQ(run.outcomes[3].status, Status::not_finite);
  EXPECT_NEAR(run.x(0, 4), 9, 1e-3);
  EXPECT_THROW(solve_ode_batch(square, Tsit5{}, x0, 0.0, 1.0, {.lanes = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace stochflow
