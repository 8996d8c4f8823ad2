#include "stochflow/diffusion/tensor/adaptive_batch.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "diffusion/support/oracles.hpp"

namespace stochflow::diffusion {
namespace {

using namespace testing;

/// y' = -lambda y + cos t on rows with their own lambda.
struct Relaxation {
  at::Tensor lambda;  // [B, 1]
  at::Tensor operator()(const at::Tensor& y, const at::Tensor& t) const {
    return -lambda * y + t.unsqueeze(1).cos();
  }
  static double exact(double lambda, double y0, double t) {
    const double n = 1 + lambda * lambda;
    const auto particular = [&](double s) { return (lambda * std::cos(s) + std::sin(s)) / n; };
    return particular(t) + (y0 - particular(0)) * std::exp(-lambda * t);
  }
};

AdaptiveBatch::ErrorNorm within(double tolerance) {
  return [=](const at::Tensor&, const at::Tensor&, const at::Tensor& error) {
    return error.abs().amax(1) / tolerance;
  };
}

std::int64_t evaluations_a_step(const BatchMethod& method) {
  const auto* const pair = std::get_if<Tableau>(&method);
  return pair == nullptr ? 1 : static_cast<std::int64_t>(pair->stages) - 1;
}

TEST(AdaptiveBatch, GivesEachRowItsOwnSteps) {
  const std::vector<double> lambdas{0.1, 1, 10, 100};
  for (const BatchMethod& method : {BatchMethod(bogacki_shampine32),
                                    BatchMethod(dormand_prince54),
                                    BatchMethod(tsitouras54),
                                    BatchMethod(Adams{.order = 3}),
                                    BatchMethod(Adams{.order = 5})}) {
    SCOPED_TRACE(name(method));
    const Relaxation field{doubles(lambdas, {4, 1})};
    AdaptiveBatch batch(method, field, within(1e-8), 0, 3, 4, 2, at::kDouble);
    for (std::int64_t i = 0; i < 4; ++i) batch.load(i, doubles({1, -2}, {2}));
    while (batch.any_busy()) batch.step();
    for (std::size_t i = 0; i < 4; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      EXPECT_TRUE(batch.row(row).outcome.ok()) << batch.row(row).outcome.message();
      EXPECT_EQ(batch.row(row).outcome.t, 3);
      const auto y = to_vector(batch.state(row));
      EXPECT_NEAR(y[0], Relaxation::exact(lambdas[i], 1, 3), 2e-6);
      EXPECT_NEAR(y[1], Relaxation::exact(lambdas[i], -2, 3), 2e-6);
      const auto& steps = batch.row(row);
      EXPECT_EQ(steps.evaluations,
                1 + evaluations_a_step(method) * (steps.outcome.step + steps.rejected));
    }
    EXPECT_GT(batch.row(3).outcome.step, 2 * batch.row(0).outcome.step);
  }
}

TEST(AdaptiveBatch, ConvergesWithTheOrderOfTheMethod) {
  // One step of size h and of size h/2 over the same interval, no error control: first_step is the
  // whole interval and everything is accepted.
  for (const Tableau& method : {bogacki_shampine32, dormand_prince54, tsitouras54}) {
    const auto error_at = [&](double h) {
      const Relaxation field{doubles({1.5}, {1, 1})};
      AdaptiveBatch batch(method, field, within(1e9), 0, h, 1, 1, at::kDouble, {.first_step = 1});
      batch.load(0, doubles({1}, {1}));
      while (batch.any_busy()) batch.step();
      EXPECT_EQ(batch.row(0).outcome.step, 1);
      return std::abs(batch.state(0).item<double>() - Relaxation::exact(1.5, 1, h));
    };
    const double slope = std::log2(error_at(0.05) / error_at(0.025));
    EXPECT_NEAR(slope, method.order + 1, 0.35) << method.name;
  }
}

// By hand: Euler's predictor and the trapezoidal rule; then the polynomials through the two slopes
// at hand, and through the third as well. A step that was refused in between leaves no trace.
TEST(AdaptiveBatch, AdamsMethodsTakeTheStepsOfTheBook) {
  const auto slope = [](double y, double t) { return -0.7 * y + std::cos(t); };
  int asked = 0;
  const auto refuse_third = [&](const at::Tensor&, const at::Tensor&, const at::Tensor&) {
    return doubles({++asked == 3 ? 8.0 : 1.0}, {1});
  };
  const double h = 0.1;
  AdaptiveBatch batch(Adams{.order = 2},
                      Relaxation{doubles({0.7}, {1, 1})},
                      refuse_third,
                      0,
                      10,
                      1,
                      1,
                      at::kDouble,
                      {.first_step = h / 10});
  batch.load(0, doubles({1}, {1}));
  while (batch.row(0).outcome.step < 2) batch.step();
  ASSERT_EQ(batch.row(0).rejected, 1);
  const double k = batch.row(0).outcome.t - h;
  ASSERT_GT(std::abs(k - h), 0.01);
  const double f0 = slope(1, 0), f1 = slope(1 + h * f0, h), y1 = 1 + h / 2 * (f0 + f1);
  const double f2 = slope(y1 + k * f1 + k * k / (2 * h) * (f1 - f0), h + k);
  // The parabola through f0, f1, f2 at -h, 0, k, integrated over [0, k].
  const double first = (f1 - f0) / h, second = ((f2 - f1) / k - first) / (h + k);
  const double y2 = y1 + k * f1 + k * k / 2 * first + (k * k * k / 3 + h * k * k / 2) * second;
  EXPECT_NEAR(batch.state(0).item<double>(), y2, 1e-13);
}

TEST(AdaptiveBatch, AdamsMethodsConvergeWithTheirOrder) {
  for (int order = 2; order <= max_adams_order; ++order) {
    const std::vector<double> lambdas{0.3, 0.5, 0.9};
    const auto run = [&](double tolerance) {
      AdaptiveBatch batch(Adams{.order = order},
                          Relaxation{doubles(lambdas, {1, 3})},
                          within(tolerance),
                          0,
                          30,
                          1,
                          3,
                          at::kDouble,
                          {.first_step = 1e-6, .max_steps = 100000});
      batch.load(0, at::ones({3}, at::kDouble));
      while (batch.any_busy()) batch.step();
      EXPECT_TRUE(batch.row(0).outcome.ok());
      double error = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        error += std::abs(to_vector(batch.state(0))[i] - Relaxation::exact(lambdas[i], 1, 30));
      }
      return std::pair(error, static_cast<double>(batch.row(0).evaluations));
    };
    const auto [coarse, few] = run(1e-5);
    const auto [fine, many] = run(1e-8);
    EXPECT_GT(std::log(coarse / fine) / std::log(many / few), order - 0.3) << order;
    EXPECT_LT(fine, 1e-7) << order;
  }
  for (const int order : {0, max_adams_order + 1}) {
    EXPECT_THROW(AdaptiveBatch(Adams{.order = order}, {}, within(1), 0, 1, 1, 1, at::kDouble),
                 std::invalid_argument);
  }
}

// Growth after the first stop, decay again after the second: what was remembered from before a
// stop would be wrong after it. Two rows, which get there in steps of their own.
TEST(AdaptiveBatch, AdamsStartsAgainWhereTheFieldJumps) {
  const std::vector<double> stops{0.7, 1.1};
  std::vector<double> rate{-2, -2};
  const auto field = [&](const at::Tensor& y, const at::Tensor&) {
    return doubles(rate, {2, 1}) * y;
  };
  AdaptiveBatch batch(Adams{}, field, within(1e-8), 0, 2, 2, 1, at::kDouble);
  batch.set_stops(stops);
  batch.load(0, doubles({1}, {1}));
  batch.load(1, doubles({50}, {1}));
  bool apart = false;
  while (batch.any_busy()) {
    for (std::size_t i = 0; i < 2; ++i) {
      const double t = batch.row(static_cast<std::int64_t>(i)).outcome.t;
      rate[i] = t < stops[0] ? -2 : t < stops[1] ? 3 : -1;
    }
    apart = apart || rate[0] != rate[1];
    batch.step();
  }
  EXPECT_TRUE(apart);
  const double right = std::exp(-2 * 0.7 + 3 * 0.4 - 0.9);
  EXPECT_NEAR(batch.state(0).item<double>(), right, 1e-6);
  EXPECT_NEAR(batch.state(1).item<double>() / 50, right, 1e-6);
  EXPECT_THROW(batch.set_stops({0.5, 0.4}), std::invalid_argument);
}

// Steps of any length and order are exact on a field that is constant between its jumps, unless
// they remember what it was before; no tolerance is there to make up for it.
TEST(AdaptiveBatch, AdamsRemembersNothingFromBeforeAJump) {
  double slope = 1;
  const auto field = [&](const at::Tensor& y, const at::Tensor&) {
    return at::full_like(y, slope);
  };
  AdaptiveBatch batch(Adams{}, field, within(1e9), 0, 10, 1, 1, at::kDouble);
  batch.set_stops({4, 7});
  batch.load(0, doubles({0}, {1}));
  while (batch.any_busy()) {
    const double t = batch.row(0).outcome.t;
    slope = t < 4 ? 1 : t < 7 ? 10 : -3;
    batch.step();
  }
  EXPECT_NEAR(batch.state(0).item<double>(), 4 * 1 + 3 * 10 - 3 * 3, 1e-12);
  EXPECT_EQ(batch.row(0).rejected, 0);
  // One evaluation a step, and one at the start and behind each jump.
  EXPECT_EQ(batch.row(0).evaluations, batch.row(0).outcome.step + 3);
}

class AdaptiveBatchBy : public ::testing::TestWithParam<BatchMethod> {};
INSTANTIATE_TEST_SUITE_P(EitherKind,
                         AdaptiveBatchBy,
                         ::testing::Values(BatchMethod(dormand_prince54), BatchMethod(Adams{})),
                         [](const auto& kind) {
                           return std::string(kind.param.index() == 0 ? "runge_kutta" : "adams");
                         });

TEST_P(AdaptiveBatchBy, RowsDoNotFeelTheirNeighboursAndCanBeRefilled) {
  at::Tensor lambda = doubles({5, 0.3}, {2, 1});
  const auto run_alone = [](double value, double t1) {
    AdaptiveBatch batch(GetParam(),
                        Relaxation{doubles({value, value}, {2, 1})},
                        within(1e-6),
                        1,
                        t1,
                        2,
                        1,
                        at::kDouble);
    batch.load(1, doubles({0.7}, {1}));
    while (batch.any_busy()) batch.step();
    return std::pair(batch.state(1).item<double>(), batch.row(1).evaluations);
  };
  for (const double t1 : {4.0, -2.0}) {  // both directions
    AdaptiveBatch batch(
        GetParam(),
        [&](const at::Tensor& y, const at::Tensor& t) { return Relaxation{lambda}(y, t); },
        within(1e-6),
        1,
        t1,
        2,
        1,
        at::kDouble);
    lambda = doubles({5, 0.3}, {2, 1});
    batch.load(0, doubles({0.7}, {1}));
    batch.load(1, doubles({0.7}, {1}));
    while (batch.row(0).busy && batch.row(1).busy) batch.step();
    const std::int64_t first = batch.row(0).busy ? 1 : 0;
    EXPECT_EQ(std::pair(batch.state(first).item<double>(), batch.row(first).evaluations),
              run_alone(lambda[first].item<double>(), t1));
    // The free row takes a new problem while the other goes on.
    lambda[first] = 2;
    batch.load(first, doubles({0.7}, {1}));
    while (batch.any_busy()) batch.step();
    for (const std::int64_t row : {0, 1}) {
      EXPECT_EQ(std::pair(batch.state(row).item<double>(), batch.row(row).evaluations),
                run_alone(lambda[row].item<double>(), t1));
    }
  }
}

TEST_P(AdaptiveBatchBy, SaysHowARowFailed) {
  const auto run = [](AdaptiveBatch::Field field, const StepControl& control) {
    AdaptiveBatch batch(
        GetParam(), std::move(field), within(1e-6), 0, 2, 1, 1, at::kDouble, control);
    batch.load(0, doubles({1}, {1}));
    while (batch.any_busy()) batch.step();
    return batch.row(0).outcome;
  };
  const Outcome wall =
      run([](const at::Tensor& y, const at::Tensor& t) { return y / (t.unsqueeze(1) < 1); }, {});
  EXPECT_EQ(wall.status, Status::step_underflow);
  EXPECT_NEAR(wall.t, 1, 1e-12);
  const Outcome nowhere = run([](const at::Tensor& y, const at::Tensor&) { return y / 0.0; }, {});
  EXPECT_EQ(nowhere.status, Status::not_finite);
  const Outcome long_way = run(
      [](const at::Tensor& y, const at::Tensor& t) { return (400 * t).cos().unsqueeze(1) + 0 * y; },
      {.max_steps = 20});
  EXPECT_EQ(long_way.status, Status::max_steps);
  EXPECT_THROW(AdaptiveBatch(dormand_prince54, {}, {}, 0, 0, 1, 1, at::kDouble),
               std::invalid_argument);
}

}  // namespace
}  // namespace stochflow::diffusion
