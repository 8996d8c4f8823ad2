#include "stochflow/solve_adaptive.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "stochflow/langevin/quicsort.hpp"
#include "stochflow/langevin/ubu.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_general.hpp"
#include "stochflow/methods/sosri.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/methods/sra1.hpp"
#include "stochflow/methods/sri2.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/noise/area_tree.hpp"
#include "stochflow/noise/tree_increments.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

/// A path as many adaptive solvers have it: every try draws anew.
template <class V>
struct RedrawnPath {
  using value_type = V;
  static constexpr std::int64_t ticks = BrownianTree<V>::ticks;
  PathId id;
  V like;
  std::int64_t draws = 0;

  double time(std::int64_t tick) const { return length(tick); }
  double length(std::int64_t count) const { return std::ldexp(static_cast<double>(count), -30); }
  SpaceTimeIncrement<V> between(std::int64_t from, std::int64_t to) {
    const FreshIncrements<V> fresh(id.seed, id.trajectory, like);
    return fresh.space_time_increment({draws++, 0, length(to - from)});
  }
};

/// The reverse VP diffusion of data N(0, I): started in N(0, I) it stays there.
const auto reverse_vp = [] {
  const auto beta = [](double s) { return 0.1 + 19.9 * (1 - s); };
  return stratonovich<Noise::additive>([=](const auto& x, double s) { return -0.5 * beta(s) * x; },
                                       [=](const auto&, double s) { return std::sqrt(beta(s)); });
}();

template <int D, class Path, class M>
double variance_ratio(const M& method, double rtol, int samples) {
  using X = Vector<double, D>;
  const RandomStream start(9, Purpose::initial_state);
  const PiController controller{.rtol = rtol, .atol = 0.2 * rtol, .first_step = 0.01};
  double sum = 0;
  for (int k = 0; k < samples; ++k) {
    const PathId id{4, static_cast<std::uint64_t>(k)};
    const X x0 = standard_normals(start, id.trajectory, 0, X(X::Zero()));
    Path path = [&] {
      if constexpr (std::is_same_v<Path, RedrawnPath<X>>) {
        return Path{id, X(X::Zero())};
      } else {
        return Path(id.seed, id.trajectory, 0, 1, X(X::Zero()));
      }
    }();
    sum += solve_adaptive_on(reverse_vp, method, x0, std::move(path), controller).x.square().mean();
  }
  return sum / samples;
}

// The variance at the end must be 1. Rejecting on a redrawn path keeps the increments with small
// error estimates and misses it by tens of standard errors in one dimension; on the tree it is
// right at every tolerance. Bound: 5.5 standard errors plus the method's own bias at that
// tolerance, which fixed steps of the same size show as well.
TEST(SolveAdaptive, RejectionsDoNotBendTheLaw) {
  const int n = 12000;
  const double se1 = std::sqrt(2.0 / n), se10 = std::sqrt(2.0 / (10.0 * n / 4));
  const StepDoubling<Heun> heun;
  using One = BrownianTree<Vector<double, 1>>;
  using Ten = BrownianTree<Vector<double, 10>>;
  for (const auto& [rtol, bias] : {std::pair(0.02, 0.01), {0.1, 0.02}, {0.5, 0.06}}) {
    SCOPED_TRACE(rtol);
    EXPECT_NEAR((variance_ratio<1, One>(heun, rtol, n)), 1, 5.5 * se1 + bias);
    EXPECT_NEAR((variance_ratio<10, Ten>(heun, rtol, n / 4)), 1, 5.5 * se10 + bias);
  }
  EXPECT_NEAR((variance_ratio<1, One>(SPaRK{}, 0.02, n)), 1, 5.5 * se1 + 0.01);
  using Redrawn = RedrawnPath<Vector<double, 1>>;
  EXPECT_GT((variance_ratio<1, Redrawn>(heun, 0.02, n)), 1.1);
}

// Pathwise error against the exact solution on the same path falls with the tolerance.
template <class P, class M>
double rms_error(const P& problem, const M& method, double tolerance) {
  double sum = 0;
  for (int k = 0; k < 300; ++k) {
    const PathId id{5, static_cast<std::uint64_t>(k)};
    BrownianTree<double> tree(id.seed, id.trajectory, 0, P::t1);
    const auto whole = tree.between(0, tree.ticks);
    const double exact = problem.exact(std::span<const SpaceTimeIncrement<double>>(&whole, 1),
                                       P::t1,
                                       [](std::size_t) { return 0.0; });
    const PiController controller{.rtol = tolerance, .atol = tolerance};
    const auto solution = solve_adaptive(problem, method, P::x0(), 0, P::t1, id, controller);
    EXPECT_TRUE(solution.outcome.ok());
    EXPECT_EQ(solution.t, P::t1);
    sum += std::pow(solution.x - exact, 2);
  }
  return std::sqrt(sum / 300);
}

TEST(SolveAdaptive, ErrorFollowsTheTolerance) {
  using namespace verify;
  const auto check = [](const auto& problem, const auto& method, double at_tight) {
    const double loose = rms_error(problem, method, 1e-2), tight = rms_error(problem, method, 1e-4);
    EXPECT_LT(tight, loose / 3);
    EXPECT_LT(tight, at_tight);
  };
  check(GbmTest<Calculus::ito>{}, StepDoubling<Milstein>{}, 1e-2);
  check(GbmTest<Calculus::ito>{}, StepDoubling<SRIW1>{}, 2e-3);
  check(GbmTest<Calculus::ito>{}, SRIW1{}, 2e-3);
  check(TanhTest<Calculus::ito>{}, SOSRI{}, 2e-3);
  check(GbmTest<Calculus::stratonovich>{}, SPaRK{}, 1e-2);
  check(TanhTest<Calculus::stratonovich>{}, StepDoubling<Heun>{}, 1e-2);
}

TEST(SolveAdaptive, SavesAndObservesInsideTheInterval) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  double last = -1;
  const AdaptiveOptions options{.save_at = {0, 0.3, 0.75, 1}};
  const auto s =
      solve_adaptive(gbm, SPaRK{}, 1.0, 0, 1, PathId{1, 1}, {}, options, [&](double, double t) {
        EXPECT_GT(t, last);
        last = t;
      });
  EXPECT_EQ(s.times, options.save_at);
  ASSERT_EQ(s.states.size(), 4u);
  EXPECT_EQ(s.states.front(), 1.0);
  EXPECT_EQ(s.states.back(), s.x);
  EXPECT_EQ(last, 1);
}

TEST(SolveAdaptive, GeneralNoiseRevisitsRejectedEnds) {
  const auto sde = stratonovich<Noise::general>([](const auto& x, double) { return x * -1.0; },
                                                [](const auto& x, double) {
                                                  using T =
                                                      typename std::decay_t<decltype(x)>::Scalar;
                                                  Matrix<T, 2> g;
                                                  g << T(1), x[1], x[0], T(0.5);
                                                  return g;
                                                });
  const Vector<double, 2> x0(0.5, -0.5);
  const PiController controller{.rtol = 1e-2, .atol = 1e-2, .first_step = 0.5};
  const auto s = solve_adaptive(sde, StepDoubling<Heun>{}, x0, 0, 1, PathId{2, 0}, controller);
  EXPECT_TRUE(s.outcome.ok());
  EXPECT_GT(s.rejected_steps, 0);
}

using Pair = Vector<double, 2>;

/// Columns that do not commute: without areas the strong order is 1/2.
const auto twisted = ito<Noise::general>([](const auto& x, double) { return x * -0.5; },
                                         [](const auto& x, double t) {
                                           using T = typename std::decay_t<decltype(x)>::Scalar;
                                           Matrix<T, 2> g;
                                           g << T(0.4), x[1], -x[0], T(0.3 + 0.2 * t);
                                           return g;
                                         });

// Against a step for every cell of the same path.
TEST(SolveAdaptive, LevyAreasOfAPathServeStepsOfAnyLength) {
  const Pair x0(0.5, -0.5);
  const auto rms = [&](const auto& method, double tolerance) {
    double sum = 0;
    for (std::uint64_t k = 0; k < 20; ++k) {
      const auto path = [&] { return AreaTree<Pair>(7, k, 0, 1, 12, Pair::Zero()); };
      const auto reference = solve(
          twisted, MilsteinGeneral{}, x0, uniform_grid(0, 1, 1 << 12), TreeIncrements(path()));
      const PiController controller{.rtol = tolerance, .atol = tolerance, .first_step = 0.3};
      const auto s = solve_adaptive_on(twisted, method, x0, path(), controller);
      EXPECT_TRUE(s.outcome.ok());
      EXPECT_EQ(s.t, 1);
      sum += (s.x - reference.x).square().mean();
    }
    return std::sqrt(sum / 20);
  };
  for (const double tolerance : {1e-2, 1e-3}) {
    SCOPED_TRACE(tolerance);
    EXPECT_LT(rms(StepDoubling<MilsteinGeneral>{}, tolerance), 5 * tolerance);
    EXPECT_LT(rms(StepDoubling<SRI2>{}, tolerance), 5 * tolerance);
  }
}

TEST(SolveAdaptive, StepsOnAreasAreMultiplesOfTwoCells) {
  const Pair x0(0.5, -0.5);
  const AreaTree<Pair> path(7, 0, 0, 1, 8, Pair::Zero());
  const double unit = path.length(2 * path.cell());
  const PiController loose{.rtol = 0.1, .atol = 0.1};
  const AdaptiveOptions options{.save_at = {0.3, 1}};
  const auto on_an_end = [&](const Pair&, double t) { EXPECT_EQ(std::round(t / unit) * unit, t); };
  const auto s = solve_adaptive_on(
      twisted, StepDoubling<MilsteinGeneral>{}, x0, path, loose, options, on_an_end);
  EXPECT_TRUE(s.outcome.ok());
  EXPECT_EQ(s.times, options.save_at);
  EXPECT_GT(s.rejected_steps + s.outcome.step, 3);
  const PiController tight{.rtol = 1e-6, .atol = 1e-6};
  const auto stuck = solve_adaptive_on(twisted, StepDoubling<MilsteinGeneral>{}, x0, path, tight);
  EXPECT_EQ(stuck.outcome.status, Status::step_underflow);
}

// Underdamped Langevin dynamics in a double well, whose methods need H, or H and K.
TEST(SolveAdaptive, LangevinMethodsOnTreesThatHaveWhatTheyNeed) {
  using Tree = BrownianTree<double, SpaceTimeTimeIncrement>;
  using State = PhaseSpace<double>;
  const UnderdampedLangevin sde([](double x) { return x * x * x - x; }, 0.7, 0.5);
  const State start{1.0, 0.0};
  for (std::uint64_t k = 0; k < 10; ++k) {
    SCOPED_TRACE(k);
    const Tree tree(3, k, 0, 2);
    const State exact =
        solve(sde, QUICSORT{}, start, uniform_grid(0, 2, 1 << 10), TreeIncrements(tree)).x;
    const auto error = [&](const auto& method, double tolerance) {
      const PiController controller{
          .rtol = tolerance, .atol = tolerance, .first_step = automatic_first_step};
      const auto s = solve_adaptive_on(sde, method, start, tree, controller);
      EXPECT_TRUE(s.outcome.ok());
      return std::hypot(s.x.x - exact.x, s.x.v - exact.v);
    };
    EXPECT_LT(error(StepDoubling<QUICSORT>{}, 1e-6), 1e-5);
    EXPECT_LT(error(StepDoubling<UBU>{}, 1e-4), 1e-3);
    EXPECT_GT(error(StepDoubling<QUICSORT>{}, 1e-2), 1e-6);
  }
}

TEST(SolveAdaptive, BudgetAndUnderflowAreOutcomes) {
  const verify::GbmTest<Calculus::stratonovich> gbm;
  const PiController tight{.rtol = 1e-6, .atol = 1e-6};
  const auto tired = solve_adaptive(gbm, SPaRK{}, 1.0, 0, 1, PathId{}, tight, {.max_steps = 10});
  EXPECT_EQ(tired.outcome.status, Status::max_steps);
  const auto wild = stratonovich<Noise::additive>([](double x, double) { return x * x * x * 1e6; },
                                                  [](double, double) { return 1.0; });
  const auto stuck = solve_adaptive(wild, SPaRK{}, 1.0, 0, 1, PathId{}, tight);
  EXPECT_EQ(stuck.outcome.status, Status::step_underflow);
}

}  // namespace
}  // namespace stochflow
