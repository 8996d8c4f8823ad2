#pragma once

// Runs that can be interrupted, written down and gone on with elsewhere, to the same bits as an
// uninterrupted run:
//
//   auto run = start_run(problem, method, x0, grid, PathId{1, 0});
//   while (run.advance(1000)) write_file(to_text(run.checkpoint()));
//   ...
//   auto again = resume_run(problem, method, x0, grid, checkpoint_from_text(read_file()));
//   while (again.advance(1000)) {}
//   again.solution()
//
// and the same with start_adaptive_run and resume_adaptive_run. The problem, the method, the grid
// or the controller must be those of the interrupted run; what can be checked is. A resumed run
// keeps states only at save times after its checkpoint, and lists only later events. For runs to
// the end in one call: solve and solve_adaptive.

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/checkpoint.hpp"
#include "stochflow/noise/ahead.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/solve_adaptive.hpp"

namespace stochflow {
namespace detail {

template <class X>
struct OneState {
  X& x;
  template <class Visit>
  void each(const Visit& visit) {
    visit(x);
  }
};
template <class X>
std::vector<double> numbers(X x) {
  return flatten(OneState<X>{x});
}

template <class X>
X state_of(const Checkpoint& checkpoint, X like) {
  OneState<X> state{like};
  unflatten(state, checkpoint.state, "the state");
  return like;
}

inline void require_same(bool same, const std::string& what) {
  if (!same) {
    throw std::invalid_argument("resume: " + what +
                                ": resume with what the checkpoint was made with");
  }
}

template <class M>
void require_made_by(const Checkpoint& checkpoint, const char* kind) {
  require_same(
      checkpoint.kind == kind,
      "this is a checkpoint of a run of kind '" + checkpoint.kind + "', not '" + kind + "'");
  require_same(checkpoint.method == M::facts.name,
               "the checkpoint was made by " + checkpoint.method + ", and the method is " +
                   std::string(M::facts.name));
}

}  // namespace detail

/// A run along a grid. Owns copies of everything it needs.
template <class P, class M, class X, class EventList = NoEvents>
class Run {
 public:
  using Memory = detail::MemoryOf<M, P, X>;

  Run(P problem,
      M method,
      const X& x0,
      std::vector<double> grid,
      PathId id,
      SolveOptions options,
      EventList events)
      : problem_(std::move(problem)),
        method_(std::move(method)),
        grid_(std::move(grid)),
        options_(std::move(options)),
        events_(std::move(events)),
        id_(id),
        path_((detail::check_times(grid_, options_.save_at),
               detail::path_in_order(problem_, x0, grid_.front(), id.seed, id.trajectory))),
        run_(x0, grid_.front(), detail::start_memory(method_, problem_, x0, grid_.front())) {
    detail::require_compatible<P, M>();
  }

  /// Goes back to where `checkpoint` was made. Throws std::invalid_argument when it does not belong
  /// to this run.
  void restore(const Checkpoint& checkpoint) {
    detail::require_made_by<M>(checkpoint, "grid");
    const auto n = static_cast<std::size_t>(checkpoint.step);
    detail::require_same(checkpoint.grid == detail::fingerprint(grid_) && n < grid_.size() &&
                             grid_[n] == checkpoint.t,
                         "the grid is not the one of the checkpoint");
    const X x = detail::state_of(checkpoint, run_.solution().x);
    Memory memory = run_.memory();
    detail::unflatten(memory, checkpoint.memory, "the method's memory");
    run_ = {x, checkpoint.t, std::move(memory)};
    run_.resume_at(checkpoint.step, options_.save_at);
    begun_ = true;
  }

  /// Takes at most `steps` steps; whether the run goes on after them.
  template <class Observer = NoObserver>
  bool advance(std::int64_t steps, Observer&& observer = {}) {
    if (!std::exchange(begun_, true)) run_.begin(options_, observer);
    run_.advance(problem_, method_, grid_, path_, options_, events_, id_, steps, observer);
    return run_.running();
  }

  /// So far; its outcome is that of the whole run once advance has returned false.
  const Solution<X>& solution() const { return run_.solution(); }

  Checkpoint checkpoint() const {
    Checkpoint c;
    c.kind = "grid";
    c.method = M::facts.name;
    c.seed = id_.seed;
    c.trajectory = id_.trajectory;
    c.step = run_.step();
    c.t = run_.solution().t;
    c.t0 = grid_.front();
    c.t1 = grid_.back();
    c.grid = detail::fingerprint(grid_);
    c.state = detail::numbers(run_.solution().x);
    c.memory = detail::flatten(run_.memory());
    return c;
  }

 private:
  using Path = decltype(detail::path_in_order(
      std::declval<const P&>(), std::declval<const X&>(), 0.0, std::uint64_t{}, std::uint64_t{}));

  P problem_;
  M method_;
  std::vector<double> grid_;
  SolveOptions options_;
  EventList events_;
  PathId id_;
  Path path_;
  detail::GridRun<X, Memory, EventList> run_;
  bool begun_ = false;
};

template <class P, class M, class X, class EventList = NoEvents>
requires ProblemFor<P, X> Run<P, M, X, EventList> start_run(P problem,
                                                            M method,
                                                            const X& x0,
                                                            std::vector<double> grid,
                                                            PathId id,
                                                            SolveOptions options = {},
                                                            EventList events = {}) {
  return {std::move(problem),
          std::move(method),
          x0,
          std::move(grid),
          id,
          std::move(options),
          std::move(events)};
}

/// x0 gives the shape of the state; its values do not matter.
template <class P, class M, class X, class EventList = NoEvents>
requires ProblemFor<P, X> Run<P, M, X, EventList> resume_run(P problem,
                                                             M method,
                                                             const X& x0,
                                                             std::vector<double> grid,
                                                             const Checkpoint& checkpoint,
                                                             SolveOptions options = {},
                                                             EventList events = {}) {
  auto run = start_run(std::move(problem),
                       std::move(method),
                       x0,
                       std::move(grid),
                       PathId{checkpoint.seed, checkpoint.trajectory},
                       std::move(options),
                       std::move(events));
  run.restore(checkpoint);
  return run;
}

/// A run with adaptive steps. Owns copies of everything it needs.
template <class P, class M, class X, class Controller = PiController, class EventList = NoEvents>
class AdaptiveRun {
 public:
  using Memory = detail::MemoryOf<M, P, X>;

  AdaptiveRun(P problem,
              M method,
              const X& x0,
              double t0,
              double t1,
              PathId id,
              Controller controller,
              AdaptiveOptions options,
              EventList events)
      : problem_(std::move(problem)),
        method_(std::move(method)),
        controller_(std::move(controller)),
        options_(std::move(options)),
        events_(std::move(events)),
        id_(id),
        path_(id.seed, id.trajectory, t0, t1, noise_like(problem_, x0, t0)),
        run_(x0,
             t0,
             detail::start_memory(method_, problem_, x0, t0),
             detail::first_choice<M>(problem_, x0, path_, controller_)) {
    detail::require_adaptive<P, M, X>();
    detail::check_times(std::vector<double>{t0, t1}, options_.save_at);
  }

  void restore(const Checkpoint& checkpoint) {
    detail::require_made_by<M>(checkpoint, "adaptive");
    detail::require_same(checkpoint.t0 == path_.time(0) &&
                             checkpoint.t1 == path_.time(Path::ticks) && checkpoint.tick >= 0 &&
                             checkpoint.tick <= Path::ticks &&
                             checkpoint.t == path_.time(checkpoint.tick),
                         "the interval is not the one of the checkpoint");
    const X x = detail::state_of(checkpoint, run_.solution().x);
    Memory memory = run_.memory();
    detail::unflatten(memory, checkpoint.memory, "the method's memory");
    auto choice = run_.choice();
    choice.at = checkpoint.tick;
    choice.wanted = checkpoint.wanted;
    choice.looked_at = checkpoint.looked_at;
    detail::unflatten(choice.controller, checkpoint.controller, "the controller's memory");
    run_ = {x, checkpoint.t, std::move(memory), std::move(choice)};
    run_.resume_at(checkpoint.step, checkpoint.rejected, options_.save_at);
    begun_ = true;
  }

  /// Makes at most `tries` tries of a step, accepted or not; whether the run goes on after them.
  template <class Observer = NoObserver>
  bool advance(std::int64_t tries, Observer&& observer = {}) {
    if (!std::exchange(begun_, true)) run_.begin(path_, options_, observer);
    run_.advance(problem_, method_, path_, controller_, options_, events_, id_, tries, observer);
    return run_.running();
  }

  const AdaptiveSolution<X>& solution() const { return run_.solution(); }

  Checkpoint checkpoint() const {
    Checkpoint c;
    c.kind = "adaptive";
    c.method = M::facts.name;
    c.seed = id_.seed;
    c.trajectory = id_.trajectory;
    c.step = run_.solution().outcome.step;
    c.rejected = run_.solution().rejected_steps;
    c.t = run_.solution().t;
    c.t0 = path_.time(0);
    c.t1 = path_.time(Path::ticks);
    c.state = detail::numbers(run_.solution().x);
    c.memory = detail::flatten(run_.memory());
    c.tick = run_.choice().at;
    c.wanted = run_.choice().wanted;
    c.controller = detail::flatten(run_.choice().controller);
    c.looked_at = run_.choice().looked_at;
    return c;
  }

 private:
  using Path =
      BrownianTree<decltype(noise_like(std::declval<const P&>(), std::declval<const X&>(), 0.0))>;

  P problem_;
  M method_;
  Controller controller_;
  AdaptiveOptions options_;
  EventList events_;
  PathId id_;
  Path path_;
  detail::AdaptiveRun<X, Memory, typename Controller::Memory, EventList> run_;
  bool begun_ = false;
};

template <class P, class M, class X, class Controller = PiController, class EventList = NoEvents>
requires ProblemFor<P, X> AdaptiveRun<P, M, X, Controller, EventList> start_adaptive_run(
    P problem,
    M method,
    const X& x0,
    double t0,
    double t1,
    PathId id,
    Controller controller = {},
    AdaptiveOptions options = {},
    EventList events = {}) {
  return {std::move(problem),
          std::move(method),
          x0,
          t0,
          t1,
          id,
          std::move(controller),
          std::move(options),
          std::move(events)};
}

/// x0 gives the shape of the state; its values do not matter.
template <class P, class M, class X, class Controller = PiController, class EventList = NoEvents>
requires ProblemFor<P, X> AdaptiveRun<P, M, X, Controller, EventList> resume_adaptive_run(
    P problem,
    M method,
    const X& x0,
    const Checkpoint& checkpoint,
    Controller controller = {},
    AdaptiveOptions options = {},
    EventList events = {}) {
  auto run = start_adaptive_run(std::move(problem),
                                std::move(method),
                                x0,
                                checkpoint.t0,
                                checkpoint.t1,
                                PathId{checkpoint.seed, checkpoint.trajectory},
                                std::move(controller),
                                std::move(options),
                                std::move(events));
  run.restore(checkpoint);
  return run;
}

}  // namespace stochflow
