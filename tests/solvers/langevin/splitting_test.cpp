#include "stochflow/langevin/splitting.hpp"

#include <gtest/gtest.h>

#include "paths.hpp"
#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/langevin/catalogue.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

const auto gradient = [](const auto& x) { return x * x * x - x; };
const UnderdampedLangevin sde(gradient, 1.3, 0.8);
const PhaseSpace start{0.5, -0.4};
constexpr double h = 0.2;
const SpaceTimeTimeIncrement<double> dB{0.31, -0.07, 0.012};

double force(double x) { return -(x * x * x - x); }

TEST(Splitting, BaoabByHand) {
  const double c = std::exp(-1.3 * h), W = dB.W;
  double x = start.x, v = start.v;
  v += 0.5 * h * 0.8 * force(x);
  x += 0.5 * h * v;
  v = c * v + std::sqrt(0.8 * (1 - c * c) / h) * W;
  x += 0.5 * h * v;
  v += 0.5 * h * 0.8 * force(x);
  const auto s = BAOAB{}.step(sde, start, 0, h, Increment<double>{W});
  EXPECT_NEAR(s.x, x, 1e-15);
  EXPECT_NEAR(s.v, v, 1e-15);
}

TEST(Splitting, LettersShareTheStep) {  // O B A A O with halves of A and of O
  const double c = std::exp(-1.3 * h / 2), size = std::sqrt(0.8 * (1 - c * c) / (h / 2));
  const double first = 0.5 * dB.W + std::sqrt(3.0) * dB.H, second = dB.W - first;
  double x = start.x, v = start.v;
  v = c * v + size * first;
  v += h * 0.8 * force(x);
  x += h * v;
  v = c * v + size * second;
  const auto s =
      FixedSplitting<"O B A A O">{}.step(sde, start, 0, h, SpaceTimeIncrement<double>{dB.W, dB.H});
  EXPECT_NEAR(s.x, x, 1e-15);
  EXPECT_NEAR(s.v, v, 1e-15);
}

TEST(Splitting, PartsOfTheNoiseAreIndependentAndAddUp) {
  // The linear map from the normals behind (W, H, K) over a unit step to the parts.
  Eigen::Matrix3d three;
  Eigen::Matrix2d two;
  for (int i = 0; i < 3; ++i) {
    const SpaceTimeTimeIncrement<double> unit{
        i == 0 ? 1.0 : 0, i == 1 ? std::sqrt(1.0 / 12) : 0, i == 2 ? std::sqrt(1.0 / 720) : 0};
    const auto parts = detail::independent_parts(unit);
    three.col(i) << parts[0], parts[1], parts[2];
    EXPECT_NEAR(parts[0] + parts[1] + parts[2], unit.W, 1e-15);
    if (i == 2) continue;
    const auto halves = detail::independent_parts(SpaceTimeIncrement<double>{unit.W, unit.H});
    two.col(i) << halves[0], halves[1];
  }
  const Eigen::Matrix3d third = Eigen::Matrix3d::Identity() / 3;
  const Eigen::Matrix2d half = Eigen::Matrix2d::Identity() / 2;
  EXPECT_LT((three * three.transpose() - third).cwiseAbs().maxCoeff(), 1e-15);
  EXPECT_LT((two * two.transpose() - half).cwiseAbs().maxCoeff(), 1e-15);
}

template <class M>
void expect_same(const Splitting& at_run_time, const M& compiled) {
  const auto grid = uniform_grid(0, 3, 20);
  const auto a = solve(sde, at_run_time, start, grid, PathId{5, 2}).x;
  const auto b = solve(sde, compiled, start, grid, PathId{5, 2}).x;
  EXPECT_EQ(a.x, b.x);
  EXPECT_EQ(a.v, b.v);
}

TEST(Splitting, AtRunTimeIsWhatIsCompiled) {
  expect_same(Splitting("BAOAB"), BAOAB{});
  expect_same(Splitting("V R O R V"), BAOAB{});
  expect_same(Splitting("OBABO"), OBABO{});
  expect_same(Splitting("O R V R O"), OABAO{});
  expect_same(Splitting("OBAOABO"), FixedSplitting<"O V R O R V O">{});
  EXPECT_EQ(Splitting(" V RORV").letters(), "BAOAB");
  EXPECT_EQ(Splitting("BAOAB").weak_order(), 2);
  EXPECT_EQ(Splitting("OBAB").weak_order(), 1);
  EXPECT_EQ(BAOAB::facts.name, "BAOAB");
}

template <class M>
void expect_gradients(const M& method, int first, int each) {
  int calls = 0;
  const UnderdampedLangevin counting([&calls](double x) {
    ++calls;
    return x * x * x - x;
  });
  const auto end = solve(counting, method, start, uniform_grid(0, 1, 10), PathId{5, 2}).x;
  EXPECT_EQ(calls, first + 10 * each);
  // Reusing them changes nothing.
  const FreshIncrements<double> path(5, 2);
  auto s = start;
  const auto grid = uniform_grid(0, 1, 10);
  for (std::int64_t n = 0; n < 10; ++n) {
    const auto k = static_cast<std::size_t>(n);
    const Step step{n, grid[k], grid[k + 1] - grid[k]};
    const auto whk = path.space_time_time_increment(step);
    s = method.step(counting, s, step.t, step.h, langevin_test::narrowed<M>(whk));
  }
  EXPECT_EQ(s.x, end.x);
  EXPECT_EQ(s.v, end.v);
}

TEST(LangevinMethods, EvaluateAsManyGradientsAsTheySay) {
  verify::for_each_type<std::tuple<OABAO, UBU, QUICSORT, FixedSplitting<"ABOBA">>>(
      [](auto method) { expect_gradients(method, 0, decltype(method)::facts.drift_evaluations); });
  verify::for_each_type<std::tuple<BAOAB, OBABO, ALIGN, ShOULD, FixedSplitting<"BAOAOAB">>>(
      [](auto method) { expect_gradients(method, 1, decltype(method)::facts.drift_evaluations); });
  EXPECT_EQ(BAOAB::facts.drift_evaluations, 1);
  EXPECT_EQ(FixedSplitting<"ABOBA">::facts.drift_evaluations, 1);  // x rests between the two
  EXPECT_EQ(FixedSplitting<"V R V O V R V">::facts.drift_evaluations, 2);
  expect_gradients(Splitting("BAOAB"), 1, 1);
  expect_gradients(Splitting("OABAO"), 0, 1);
  EXPECT_EQ(Splitting("OABAO").gradients_a_step(), 1);
}

TEST(Splitting, RefusesWithASentence) {
  const auto message = [](const char* text) {
    try {
      Splitting{text};
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_NE(message("BAXAB").find("\"BAXAB\" has a letter other than"), std::string::npos);
  EXPECT_NE(message("{ V R V }").find("Metropolis"), std::string::npos);
  EXPECT_NE(message("BAB").find("no O"), std::string::npos);
  EXPECT_NE(message("AOA").find("no B"), std::string::npos);
  EXPECT_NE(message("BOB").find("no A"), std::string::npos);
  EXPECT_NE(message("").find("no A"), std::string::npos);
  EXPECT_NE(message("OAOBOAO").find("more than three O"), std::string::npos);
}

TEST(UnderdampedLangevin, RefusesWrongParameters) {
  EXPECT_THROW(UnderdampedLangevin(gradient, -1.0), std::invalid_argument);
  EXPECT_THROW(UnderdampedLangevin(gradient, 1.0, 0.0), std::invalid_argument);
  EXPECT_THROW(UnderdampedLangevin(gradient, NAN), std::invalid_argument);
}

TEST(Splitting, AShortenedLastStepHasItsOwnCoefficients) {
  const auto s = solve(sde, BAOAB{}, start, std::vector<double>{0, 0.2, 0.25}, PathId{5, 2}).x;
  const FreshIncrements<double> path(5, 2);
  const auto first = BAOAB{}.step(sde, start, 0, 0.2, path.increment({0, 0, 0.2}));
  const double last = 0.25 - 0.2, c = std::exp(-1.3 * last);
  double x = first.x, v = first.v;
  v += 0.5 * last * 0.8 * force(x);
  x += 0.5 * last * v;
  v = c * v + std::sqrt(0.8 * (1 - c * c) / last) * path.increment({1, 0.2, last}).W;
  x += 0.5 * last * v;
  v += 0.5 * last * 0.8 * force(x);
  EXPECT_NEAR(s.x, x, 1e-14);
  EXPECT_NEAR(s.v, v, 1e-14);
}

TEST(PhaseSpace, WorksWithSavingObserversAndEnsembles) {
  using X = Vector<double, 2>;
  const PhaseSpace two{X(0.5, -0.5), X(-0.4, 0.1)};
  const auto grid = uniform_grid(0, 1, 10);
  int seen = 0;
  const auto run = solve(sde,
                         BAOAB{},
                         two,
                         grid,
                         PathId{1, 0},
                         {.save_at = {0.1, 0.37, 1}},  // one of them between two grid points
                         [&](const PhaseSpace<X>&, double) { ++seen; });
  EXPECT_EQ(seen, 11);
  EXPECT_EQ(run.times.size(), 3u);
  EXPECT_EQ(run.states[2].x[1], run.x.x[1]);
  const auto plain = solve(sde, BAOAB{}, two, grid, PathId{1, 0}).x;
  EXPECT_EQ(plain.x[0], run.x.x[0]);  // saving changes nothing
  // Components are independent copies here, and each has its own noise.
  EXPECT_NE(plain.x[0], plain.x[1]);
  // A number is an array of one.
  const PhaseSpace single{Vector<double, 1>(0.5), Vector<double, 1>(-0.4)};
  EXPECT_EQ(solve(sde, BAOAB{}, PhaseSpace{0.5, -0.4}, grid, PathId{1, 0}).x.x,
            solve(sde, BAOAB{}, single, grid, PathId{1, 0}).x.x[0]);

  const auto many = [&](int threads) {
    return simulate(
        sde, Splitting("OBABO"), two, grid, {.trajectories = 600, .seed = 2, .threads = threads});
  };
  const auto one = many(1), three = many(3);
  ASSERT_EQ(one.moments[0].size(), 4u);  // two positions, two velocities
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(one.moments[0][j].mean(), three.moments[0][j].mean());
  }
}

TEST(PhaseSpace, NotFiniteIsAnOutcome) {
  const UnderdampedLangevin wild([](double x) { return -x * x * x; });
  const auto run = solve(wild, BAOAB{}, PhaseSpace{10.0, 0.0}, uniform_grid(0, 10, 20), PathId{});
  EXPECT_EQ(run.outcome.status, Status::not_finite);
}

}  // namespace
}  // namespace stochflow
