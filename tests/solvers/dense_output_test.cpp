#include "stochflow/dense_output.hpp"

#include <gtest/gtest.h>

#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/reversible_heun.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

// Splitting without sampling: over unit vectors as normals, covariances are dot products.
using Coefficients = Eigen::Array<double, 4, 1>;
Coefficients unit(int k) { return Eigen::Vector4d::Unit(k).array(); }

TEST(Split, CovarianceIsThatOfTwoIndependentPieces) {
  const double l = 0.3, r = 0.5, h = l + r;
  const SpaceTimeIncrement<Coefficients> whole{std::sqrt(h) * unit(0), std::sqrt(h / 12) * unit(1)};
  const auto [left, right] = split(whole, l, r, unit(2), unit(3));
  const std::array<Coefficients, 4> normals{left.W / std::sqrt(l),
                                            left.H / std::sqrt(l / 12),
                                            right.W / std::sqrt(r),
                                            right.H / std::sqrt(r / 12)};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_NEAR((normals[i] * normals[j]).sum(), i == j, 1e-14) << i << ", " << j;
    }
  }
  const auto merged = merge(left, l, right, r);
  EXPECT_LT((merged.W - whole.W).abs().maxCoeff(), 1e-15);
  EXPECT_LT((merged.H - whole.H).abs().maxCoeff(), 1e-15);
}

// A path whose normals inside a step are the unit vectors in the order in which they are first
// asked for, remembered by their place in the tree.
using Many = Eigen::Array<double, 200, 1>;
struct BasisPath {
  using value_type = Many;
  mutable std::vector<std::uint32_t> asked;
  static Many unit(std::size_t k) {
    return Eigen::Matrix<double, 200, 1>::Unit(static_cast<Eigen::Index>(k)).array();
  }
  SpaceTimeIncrement<Many> space_time_increment(const Step& step) const {
    return {std::sqrt(step.h) * unit(0), std::sqrt(step.h / 12) * unit(1)};
  }
  Many bridge_normals(const Step&, std::uint32_t ordinal) const {
    const auto place = std::find(asked.begin(), asked.end(), ordinal);
    const auto k = static_cast<std::size_t>(place - asked.begin());
    if (place == asked.end()) asked.push_back(ordinal);
    return unit(2 + k);
  }
};

TEST(StepPath, HasTheCovarianceOfBrownianMotionInAnyOrder) {
  const BasisPath path;
  const detail::StepPath<Many, BasisPath> inside(path, {0, 0.5, 0.8});
  const std::array<double, 3> s{0.55, 0.1, 0.37};
  std::array<SpaceTimeIncrement<Many>, 3> at;
  for (std::size_t i = 0; i < 3; ++i) at[i] = inside.to(s[i]);
  const auto whole = inside.to(0.8);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR((at[i].H * at[i].H).sum(), s[i] / 12, 1e-14);
    EXPECT_NEAR((at[i].H * at[i].W).sum(), 0, 1e-14);
    // cov(int_0^s (W_u - u/s W_s) du / s, W_h) = 0 for h > s
    EXPECT_NEAR((at[i].H * whole.W).sum(), 0, 1e-14);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR((at[i].W * at[j].W).sum(), std::min(s[i], s[j]), 1e-13) << i << ", " << j;
    }
  }
}

TEST(DenseOutput, OfAGridRunIsWhatSavingGives) {
  const auto check = [](const auto& problem, const auto& method) {
    const auto grid = uniform_grid(0, 1, 8);
    const SolveOptions options{.save_at = {0, 0.01, 0.2, 0.375, 0.99, 1}};
    const auto run = solve(problem, method, 1.0, grid, PathId{3, 4}, options);
    const auto dense = solve_dense(problem, method, 1.0, grid, PathId{3, 4});
    EXPECT_EQ(dense.solution().x, run.x);
    for (std::size_t k = run.times.size(); k-- > 0;) EXPECT_EQ(dense(run.times[k]), run.states[k]);
    // Continuous at the end of a step.
    EXPECT_NEAR(dense(0.375 - 1e-13), dense(0.375), 1e-5);
    EXPECT_THROW(dense(1.01), std::invalid_argument);
    EXPECT_THROW(dense(-0.01), std::invalid_argument);
  };
  using namespace verify;
  check(GbmTest<Calculus::ito>{}, Milstein{});
  check(GbmTest<Calculus::ito>{}, SRIW1{});
  check(OrnsteinUhlenbeckTest{}, SRA1{});
  check(GbmTest<Calculus::stratonovich>{}, ReversibleHeun{});
}

// Against the exact solution at times inside steps, on the same path: the error is of the size of
// the run's own. (A line between the states would miss by the bridge, sqrt(h)/2 * sigma.)
TEST(DenseOutput, IsAsAccurateAsTheRun) {
  const verify::GbmTest<Calculus::ito> gbm;
  double inside = 0, at_end = 0, line = 0;
  const double h = 1.0 / 32;
  for (std::uint64_t k = 0; k < 400; ++k) {
    const auto grid = uniform_grid(0, 1, 32);
    const auto path = brownian_path(gbm, 1.0, 0.0, 9, k);
    const auto dense = solve_dense(gbm, SRIW1{}, 1.0, grid, PathId{9, k});
    double W = 0;
    for (int n = 0; n < 31; ++n) W += path.increment({n, grid[n], h}).W;
    const Step last{31, grid[31], h};
    const double half =
        W + detail::StepPath<double, std::decay_t<decltype(path)>>(path, last).to(h / 2).W;
    W += path.increment(last).W;
    const double middle = gbm.ito.exact(1.0, 1 - h / 2, half);
    inside += std::pow(dense(1 - h / 2) - middle, 2);
    line += std::pow(0.5 * (dense(grid[31]) + dense(1)) - middle, 2);
    at_end += std::pow(dense(1) - gbm.ito.exact(1.0, 1, W), 2);
  }
  EXPECT_LT(inside, 1.5 * at_end);
  EXPECT_GT(line, 20 * at_end);
}

TEST(DenseOutput, OfAdaptiveRuns) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  const auto check = [&](const auto& method) {
    double inside = 0, jump = 0;
    for (std::uint64_t k = 0; k < 100; ++k) {
      const PiController controller{.rtol = 1e-4, .atol = 1e-4};
      auto dense = solve_adaptive_dense(gbm, method, 1.0, 0, 1, PathId{5, k}, controller);
      const auto run = solve_adaptive(gbm, method, 1.0, 0, 1, PathId{5, k}, controller);
      EXPECT_EQ(dense.solution().x, run.x);
      EXPECT_EQ(dense(1), run.x);
      EXPECT_EQ(dense(0), 1.0);
      BrownianTree<double> tree(5, k, 0, 1);
      for (const double t : {0.77, 0.123, 0.5}) {
        const auto tick = std::llround(std::ldexp(t, 30));
        const double exact = gbm.ito.exact(1.0, t, tree.between(0, tick).W);
        inside += std::pow(dense(t) - exact, 2);
        EXPECT_EQ(dense(t), dense(t));
      }
      jump = std::max(jump, std::abs(dense(1 - 0x1p-30) - dense(1)));
    }
    EXPECT_LT(std::sqrt(inside / 300), 0.01);
    EXPECT_LT(jump, 1e-3);
  };
  check(SPaRK{});
  check(StepDoubling<Heun>{});
  check(StepDoubling<ReversibleHeun>{});
}

}  // namespace
}  // namespace stochflow
