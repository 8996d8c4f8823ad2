#include "stochflow/resume.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "stochflow/methods/heun.hpp"
#include "stochflow/methods/reversible_heun.hpp"
#include "stochflow/methods/spark.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow {
namespace {

using X = Vector<double>;

const auto rotor = stratonovich<Noise::general>([](const auto& x, double) { return x * -1.0; },
                                                [](const auto& x, double) {
                                                  using T =
                                                      typename std::decay_t<decltype(x)>::Scalar;
                                                  Matrix<T, Eigen::Dynamic> g(2, 2);
                                                  g << T(1), x[1], x[0], T(0.5);
                                                  return g;
                                                });
const X start = Vector<double, 2>(0.5, -0.5);

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

template <class A>
void expect_same_bits(const A& a, const A& b) {
  for (Eigen::Index i = 0; i < a.size(); ++i) EXPECT_EQ(a[i], b[i]);
}

TEST(Checkpoint, TextKeepsEveryBit) {
  Checkpoint c;
  c.kind = "adaptive";
  c.method = "SPaRK";
  c.seed = std::numeric_limits<std::uint64_t>::max();
  c.step = -1;
  c.t = 0.1;
  c.t1 = std::numeric_limits<double>::denorm_min();
  c.state = {1.0 / 3,
             -0.0,
             std::numeric_limits<double>::max(),
             -1e-300,
             std::numeric_limits<double>::infinity()};
  c.looked_at = {5, 1 << 30};
  const std::string text = to_text(c);
  const Checkpoint again = checkpoint_from_text(text);
  EXPECT_EQ(again, c);
  EXPECT_TRUE(std::signbit(again.state[1]));
  EXPECT_EQ(to_text(again), text);
}

TEST(Checkpoint, RefusesWhatItDidNotWrite) {
  const std::string text = to_text(Checkpoint{.kind = "grid", .method = "Heun"});
  EXPECT_EQ(checkpoint_from_text(text).method, "Heun");
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    EXPECT_THROW(checkpoint_from_text(text.substr(0, length)), std::invalid_argument) << length;
  }
  EXPECT_NE(message_of([&] { checkpoint_from_text("{}"); }).find("found '{}'"), std::string::npos);
  std::string bad = text;
  bad.replace(bad.find("seed 0"), 6, "seed x");
  EXPECT_NE(message_of([&] { checkpoint_from_text(bad); }).find("a number for 'seed'"),
            std::string::npos);
}

// Interrupted after every step, written as text and resumed in a new run: the same bits, the same
// saved states, the same events.
template <class M>
void expect_restart_of_grid(const M& method) {
  const auto grid = uniform_grid(0.1, 1.7, 24);
  const SolveOptions options{.save_at = {0.1, 0.5, 0.9, 0.93, 1.7}};
  const auto seen = events(noted_event([](const auto& x, double) { return x[0] - 0.4; }));
  const PathId id{12, 34};
  const auto whole = solve(rotor, method, start, grid, id, options, seen);
  EXPECT_GT(whole.events.size(), 1u);

  auto run = start_run(rotor, method, start, grid, id, options, seen);
  Solution<X> collected;
  bool more = true;
  while (more) {
    more = run.advance(1);
    const auto& part = run.solution();
    collected.times.insert(collected.times.end(), part.times.begin(), part.times.end());
    collected.states.insert(collected.states.end(), part.states.begin(), part.states.end());
    collected.events.insert(collected.events.end(), part.events.begin(), part.events.end());
    collected.x = part.x;
    collected.outcome = part.outcome;
    if (more) {
      const auto checkpoint = checkpoint_from_text(to_text(run.checkpoint()));
      run = resume_run(rotor, method, X(X::Zero(2)), grid, checkpoint, options, seen);
    }
  }
  expect_same_bits(collected.x, whole.x);
  EXPECT_EQ(collected.times, whole.times);
  ASSERT_EQ(collected.states.size(), whole.states.size());
  for (std::size_t k = 0; k < whole.states.size(); ++k) {
    expect_same_bits(collected.states[k], whole.states[k]);
  }
  ASSERT_EQ(collected.events.size(), whole.events.size());
  for (std::size_t k = 0; k < whole.events.size(); ++k) {
    EXPECT_EQ(collected.events[k].t, whole.events[k].t);
    expect_same_bits(collected.events[k].x, whole.events[k].x);
  }
  EXPECT_EQ(collected.outcome.step, whole.outcome.step);
  EXPECT_EQ(collected.outcome.status, Status::ok);
}

TEST(Resume, GridRunsToTheSameBits) {
  expect_restart_of_grid(Heun{});
  expect_restart_of_grid(ReversibleHeun{});
  expect_restart_of_grid(SPaRK{});
}

// After every try, so also between a rejection and its retry, and with ends of rejected steps that
// wait to be visited.
template <class M, class Controller>
void expect_restart_of_adaptive(const M& method, const Controller& controller) {
  const PathId id{2, 1};
  const AdaptiveOptions options{.save_at = {0.25, 0.5}};
  const auto whole = solve_adaptive(rotor, method, start, 0, 1, id, controller, options);
  EXPECT_GT(whole.rejected_steps, 0);
  auto run = start_adaptive_run(rotor, method, start, 0, 1, id, controller, options);
  std::size_t most_waiting = 0, saved = 0;
  bool more = true;
  while (more) {
    more = run.advance(1);
    saved += run.solution().times.size();
    const auto checkpoint = checkpoint_from_text(to_text(run.checkpoint()));
    most_waiting = std::max(most_waiting, checkpoint.looked_at.size());
    if (more) {
      run = resume_adaptive_run(rotor, method, X(X::Zero(2)), checkpoint, controller, options);
    }
  }
  EXPECT_GT(most_waiting, 0u);
  EXPECT_EQ(saved, 2u);
  expect_same_bits(run.solution().x, whole.x);
  EXPECT_EQ(run.solution().outcome.step, whole.outcome.step);
  EXPECT_EQ(run.solution().rejected_steps, whole.rejected_steps);
  EXPECT_EQ(run.solution().outcome.status, Status::ok);
}

TEST(Resume, AdaptiveRunsToTheSameBits) {
  const PiController pi{.rtol = 1e-2, .atol = 1e-2, .first_step = 0.5};
  const PidController pid{.rtol = 1e-2, .atol = 1e-2, .first_step = 0.5};
  expect_restart_of_adaptive(SPaRK{}, pi);
  expect_restart_of_adaptive(StepDoubling<Heun>{}, pid);
  expect_restart_of_adaptive(ReversibleHeun{}, pid);
}

TEST(Resume, RefusesAnotherRunsCheckpoint) {
  const auto grid = uniform_grid(0, 1, 8);
  auto run = start_run(rotor, Heun{}, start, grid, PathId{});
  run.advance(3);
  const auto c = run.checkpoint();
  const auto resume = [&](const auto& method, const X& shape, std::vector<double> other) {
    return message_of([&] { resume_run(rotor, method, shape, other, c); });
  };
  EXPECT_EQ(resume(Heun{}, start, grid), "nothing was thrown");
  EXPECT_NE(resume(SPaRK{}, start, grid).find("made by Heun, and the method is SPaRK"),
            std::string::npos);
  auto shifted = grid;
  shifted[7] = std::nextafter(shifted[7], 0);
  EXPECT_NE(resume(Heun{}, start, shifted).find("the grid is not the one"), std::string::npos);
  const GeometricBrownianMotion gbm;
  EXPECT_NE(message_of([&] {
              auto other = start_run(gbm, SRIW1{}, X(X::Ones(3)), grid, PathId{});
              auto checkpoint = other.checkpoint();
              resume_run(gbm, SRIW1{}, X(X::Ones(4)), grid, checkpoint);
            }).find("3 numbers of the state, but this run has 4"),
            std::string::npos);
  EXPECT_NE(message_of([&] { resume_adaptive_run(rotor, Heun{}, start, c); }).find("kind 'grid'"),
            std::string::npos);
}

}  // namespace
}  // namespace stochflow
