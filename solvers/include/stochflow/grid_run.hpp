#pragma once

// A run on a grid that can be stopped and gone on with: what `solve` drives to the end in one call.
// Use `start_run` (resume.hpp) where a run must be interrupted, saved and resumed.

#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stochflow/events/watch.hpp"
#include "stochflow/grid.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/noise/step_path.hpp"
#include "stochflow/solution.hpp"
#include "stochflow/state.hpp"

namespace stochflow::detail {

/// Everything that changes during a run. The rest (problem, method, grid, path, ...) is passed to
/// every call, the same each time.
template <class X, class Memory, class EventList = NoEvents>
class GridRun {
 public:
  GridRun(const X& x, double t, Memory memory) : memory_(std::move(memory)) {
    solution_.x = x;
    solution_.t = t;
  }

  /// Continues a run after `step` steps.
  void resume_at(std::int64_t step, const std::vector<double>& save_at) {
    step_ = step;
    while (next_save_ < save_at.size() && save_at[next_save_] <= solution_.t) ++next_save_;
  }

  bool running() const { return running_; }
  std::int64_t step() const { return step_; }
  const Memory& memory() const { return memory_; }
  Memory& memory() { return memory_; }
  Solution<X>& solution() { return solution_; }
  const Solution<X>& solution() const { return solution_; }

  /// The part of a run before its first step.
  template <class Observer>
  void begin(const SolveOptions& options, Observer& observer) {
    save_if_due(options);
    if (!show(observer, solution_.x, solution_.t)) finish(Status::stopped);
  }

  /// At most `budget` steps.
  template <class P, class M, class Path, class Observer>
  void advance(const P& problem,
               const M& method,
               std::span<const double> grid,
               const Path& path,
               const SolveOptions& options,
               const EventList& events,
               PathId id,
               std::int64_t budget,
               Observer& observer) {
    const auto steps = static_cast<std::int64_t>(grid.size()) - 1;
    if (running_) watch_.start(events, solution_.x, solution_.t);
    for (; running_ && budget > 0; --budget) {
      if (step_ < steps) {
        take(problem, method, grid, path, options, events, id, observer);
      }
      if (running_ && step_ == steps) {
        using Traits = StateTraits<X>;
        const bool fine = Traits::check_each_step || Traits::all_finite(solution_.x);
        finish(fine ? Status::ok : Status::not_finite);
      }
    }
  }

 private:
  template <class P, class M, class Path, class Observer>
  void take(const P& problem,
            const M& method,
            std::span<const double> grid,
            const Path& path,
            const SolveOptions& options,
            const EventList& events,
            PathId id,
            Observer& observer) {
    using V = typename Path::value_type;
    const double t = grid[static_cast<std::size_t>(step_)];
    const double t_next = grid[static_cast<std::size_t>(step_) + 1];
    const Step step{.index = step_, .t = t, .h = t_next - t};
    const auto dB = increment_for<M, P>(path, step);
    X& x = solution_.x;

    // Points of the step already looked at for events.
    std::uint32_t part = 0;
    double t_seen = t;
    const X* x_seen = &x;
    const auto ended_by_event = [&](const X& next, double at) {
      if constexpr (EventList::count == 0) {
        return false;
      } else {
        const bool ended = watch_.look(problem,
                                       events,
                                       id,
                                       V(dB.W * 0.0),
                                       step_,
                                       part++,
                                       *x_seen,
                                       t_seen,
                                       next,
                                       at,
                                       solution_.events);
        if (ended) {
          X at_event = solution_.events.back().x;
          x = std::move(at_event);
          solution_.t = solution_.events.back().t;
          finish(Status::event);
        }
        return ended;
      }
    };

    X between{};
    if (next_save_ < options.save_at.size() && options.save_at[next_save_] < t_next) {
      const auto serve = [&](const auto& increment_to) {
        while (next_save_ < options.save_at.size() && options.save_at[next_save_] < t_next) {
          const double at = options.save_at[next_save_], s = at - t;
          Memory side = memory_;
          X state = step_with(method, problem, x, t, s, increment_to(s), side);
          if (ended_by_event(state, at)) return;
          save(state, at);
          between = std::move(state);
          x_seen = &between;
          t_seen = at;
        }
      };
      if constexpr (refines_exactly<M, Path>) {
        const StepPath<V, Path> inside(path, step);
        serve([&](double s) { return detail::take<M>(inside.to(s)); });
      } else if constexpr (refines_in_order<M, Path>) {
        StepBridge<V, Path> bridge(path, step, dB);
        serve([&](double s) { return bridge.to(s); });
      } else {
        throw std::invalid_argument(
            "solve: a save time lies between two grid points and this path cannot be refined for "
            "this method: put the save times on the grid, or use FreshIncrements and a method that "
            "needs W or (W, H) only");
      }
      if (!running_) return;
    }

    auto [x_next, status] = take_step(method, problem, x, t, step.h, dB, memory_);
    if (status != Status::ok) return finish(status);
    if constexpr (StateTraits<X>::check_each_step) {
      if (!StateTraits<X>::all_finite(x_next)) return finish(Status::not_finite);
    }
    if (ended_by_event(x_next, t_next)) return;
    x = std::move(x_next);
    solution_.t = t_next;
    ++step_;
    save_if_due(options);
    if (!show(observer, x, t_next)) finish(Status::stopped);
  }

  void save(const X& x, double t) {
    solution_.times.push_back(t);
    solution_.states.push_back(x);
    ++next_save_;
  }
  void save_if_due(const SolveOptions& options) {
    if (next_save_ < options.save_at.size() && options.save_at[next_save_] <= solution_.t) {
      save(solution_.x, solution_.t);
    }
  }
  void finish(Status status) {
    solution_.outcome = {.status = status, .t = solution_.t, .step = step_};
    running_ = false;
  }

  Solution<X> solution_{};
  Memory memory_;
  EventWatch<EventList> watch_;
  std::int64_t step_ = 0;
  std::size_t next_save_ = 0;
  bool running_ = true;
};

}  // namespace stochflow::detail
