#pragma once

// An adaptive run that can be stopped and gone on with: what `solve_adaptive` drives to the end in
// one call. Use `start_adaptive_run` (resume.hpp) where a run must be interrupted, saved and
// resumed.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/control/first_step.hpp"
#include "stochflow/control/try_step.hpp"
#include "stochflow/events/watch.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/solution.hpp"
#include "stochflow/state.hpp"

namespace stochflow {

struct AdaptiveOptions {
  std::vector<double> save_at = {};
  std::int64_t max_steps = 1000000;  // accepted and rejected
};

template <class X>
struct AdaptiveSolution : Solution<X> {
  std::int64_t rejected_steps = 0;  // the accepted ones are outcome.step
};

namespace detail {

/// Every step is a multiple of it, in ticks: two of the shortest intervals that the path answers
/// for, so that each step has a middle.
template <class Tree>
std::int64_t shortest_step(const Tree& path) {
  if constexpr (requires { path.cell(); }) {
    return 2 * path.cell();
  } else {
    return 2;
  }
}

/// Where a step from `at` ends that is at most `wanted` long, and at least 1: at a multiple of a
/// power of two between an eighth and a sixteenth of that. Ends that are round whatever came before
/// keep the questions to the tree short.
inline std::int64_t rounded_end(std::int64_t at, double wanted) {
  const auto n = static_cast<std::int64_t>(std::clamp(wanted, 1.0, 0x1p30));
  if (n < 16) return at + n;
  const auto drop = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n))) - 4;
  return (at + n) >> drop << drop;
}

/// What decides about the steps to come, apart from the state.
template <class ControllerMemory>
struct StepChoice {
  std::int64_t at = 0;  // ticks done
  double wanted = 0;    // ticks wanted next
  ControllerMemory controller{};
  std::vector<std::int64_t> looked_at;  // ends of rejected steps, the nearest last
};

/// Everything that changes during a run; see GridRun.
template <class X, class Memory, class ControllerMemory, class EventList = NoEvents>
class AdaptiveRun {
 public:
  using Choice = StepChoice<ControllerMemory>;

  AdaptiveRun(const X& x, double t, Memory memory, Choice choice)
      : memory_(std::move(memory)), choice_(std::move(choice)) {
    solution_.x = x;
    solution_.t = t;
  }

  void resume_at(std::int64_t step, std::int64_t rejected, const std::vector<double>& save_at) {
    solution_.outcome.step = step;
    solution_.rejected_steps = rejected;
    while (next_save_ < save_at.size() && save_at[next_save_] <= solution_.t) ++next_save_;
  }

  bool running() const { return running_; }
  const Choice& choice() const { return choice_; }
  Memory& memory() { return memory_; }
  const Memory& memory() const { return memory_; }
  AdaptiveSolution<X>& solution() { return solution_; }
  const AdaptiveSolution<X>& solution() const { return solution_; }

  template <class Tree, class Observer>
  void begin(const Tree& path, const AdaptiveOptions& options, Observer& observer) {
    arrive(path, options, observer);
  }

  /// At most `budget` tries.
  template <class P, class M, class Tree, class Controller, class Observer>
  void advance(const P& problem,
               const M& method,
               Tree& path,
               const Controller& controller,
               const AdaptiveOptions& options,
               const EventList& events,
               PathId id,
               std::int64_t budget,
               Observer& observer) {
    if (running_) watch_.start(events, solution_.x, solution_.t);
    for (; running_ && budget > 0; --budget) {
      if (choice_.at < Tree::ticks) {
        attempt(problem, method, path, controller, options, events, id, observer);
      }
      if (running_ && choice_.at == Tree::ticks) finish(Status::ok);
    }
  }

 private:
  template <class P, class M, class Tree, class Controller, class Observer>
  void attempt(const P& problem,
               const M& method,
               Tree& path,
               const Controller& controller,
               const AdaptiveOptions& options,
               const EventList& events,
               PathId id,
               Observer& observer) {
    auto& [at, wanted, controller_memory, looked_at] = choice_;
    if (solution_.outcome.step + solution_.rejected_steps >= options.max_steps) {
      return finish(Status::max_steps);
    }
    const std::int64_t unit = shortest_step(path);
    std::int64_t to = unit * rounded_end(at / unit, wanted / static_cast<double>(unit));
    to = std::min(to, target(path, options));
    if (!looked_at.empty()) to = std::min(to, looked_at.back());
    if (to - at < unit) return finish(Status::step_underflow);

    Memory memory = memory_;
    auto tried = try_step(problem, method, solution_.x, path, at, to, memory);
    const double e =
        scaled_error(tried.error, solution_.x, tried.x, controller.atol, controller.rtol);
    const bool accepted = e <= 1;
    const double order = error_order<P, M>();
    const double factor = controller.factor(e, order, accepted, controller_memory);
    const double taken = static_cast<double>(to - at);
    if (!accepted) {
      ++solution_.rejected_steps;
      if (to - at == unit) return finish(Status::step_underflow);
      if (P::noise == Noise::general && (looked_at.empty() || to < looked_at.back())) {
        looked_at.push_back(to);
      }
      wanted = taken * factor;
      return;
    }
    // A step that was cut short to hit a time says little about the size wanted next.
    wanted = std::max(taken * factor, std::min(wanted, taken * controller.grow));
    if (factor < 1) wanted = taken * factor;
    if constexpr (EventList::count > 0) {
      auto like = noise_like(problem, solution_.x, solution_.t);
      if (watch_.look(problem,
                      events,
                      id,
                      like,
                      at,
                      0,
                      solution_.x,
                      path.time(at),
                      tried.x,
                      path.time(to),
                      solution_.events)) {
        const auto& record = solution_.events.back();
        solution_.x = record.x;
        solution_.t = record.t;
        return finish(Status::event);
      }
    }
    at = to;
    if (!looked_at.empty() && looked_at.back() == at) looked_at.pop_back();
    solution_.x = std::move(tried.x);
    solution_.t = path.time(at);
    memory_ = std::move(memory);
    ++solution_.outcome.step;
    arrive(path, options, observer);
  }

  /// The next tick that must be hit.
  template <class Tree>
  std::int64_t target(const Tree& path, const AdaptiveOptions& options) const {
    if (next_save_ == options.save_at.size()) return Tree::ticks;
    const std::int64_t unit = shortest_step(path);
    const double since = options.save_at[next_save_] - path.time(0);
    return std::clamp<std::int64_t>(unit * std::llround(since / path.length(unit)), 0, Tree::ticks);
  }

  template <class Tree, class Observer>
  void arrive(const Tree& path, const AdaptiveOptions& options, Observer& observer) {
    const bool go_on = show(observer, solution_.x, solution_.t);
    while (next_save_ < options.save_at.size() && target(path, options) <= choice_.at) {
      solution_.times.push_back(options.save_at[next_save_++]);
      solution_.states.push_back(solution_.x);
    }
    if (!go_on) finish(Status::stopped);
  }
  void finish(Status status) {
    solution_.outcome.status = status;
    solution_.outcome.t = solution_.t;
    running_ = false;
  }

  AdaptiveSolution<X> solution_{};
  Memory memory_;
  Choice choice_;
  EventWatch<EventList> watch_;
  std::size_t next_save_ = 0;
  bool running_ = true;
};

/// The choice of steps at the start of a run.
template <class M, class P, class X, class Tree, class Controller>
auto first_choice(const P& problem, const X& x, const Tree& path, const Controller& controller) {
  StepChoice<typename Controller::Memory> choice;
  const double t0 = path.time(0), t1 = path.time(Tree::ticks);
  const double order = error_order<P, M>();
  double first = controller.first_step;
  if (first == 0) first = (t1 - t0) / 1000;
  if (first == automatic_first_step) {
    first = first_step(problem, x, t0, t1, order, controller.atol, controller.rtol);
  }
  if (!(first > 0)) {
    throw std::invalid_argument("solve_adaptive: first_step is " + std::to_string(first) +
                                ", but must be positive, 0 (a thousandth of the interval) or "
                                "automatic_first_step");
  }
  choice.wanted = first / path.length(1);
  return choice;
}

}  // namespace detail
}  // namespace stochflow
