#pragma once

// The trajectories under way in one thread of solve_ode_lanes: two packs side by side, every lane
// with its own time, step size and error; a lane whose trajectory is over takes the next one. The
// Scheme (explicit_lanes.hpp, rodas4.hpp) makes a try of a step; here is what to do with it.

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "stochflow/ode/batch_solution.hpp"
#include "stochflow/ode/lane_state.hpp"
#include "stochflow/ode/step_control.hpp"

namespace stochflow::detail {

/// What all threads read, and where they write: each trajectory its own columns.
template <int N, int P>
struct LaneTask {
  const Lanes<N>& starts;
  const Lanes<P>& parameters;
  double t0, t1;
  const std::vector<double>& save_at;
  double first_step;
  std::int64_t max_steps;
  OdeBatchSolution<N>& solution;
  std::atomic<std::int64_t> next = 0;  // the next trajectory to start
};

template <class Field, class Scheme, int N, int P, std::size_t packs>
class LaneIntegration {
  using D = Pack<double>;
  using X = LaneState<N>;
  using Q = LaneState<P>;
  using Mask = PackMask<double>;
  static constexpr int lanes = D::lanes;
  static constexpr double never = std::numeric_limits<double>::infinity();

 public:
  template <class Method>
  LaneIntegration(const Field& field, const Method& method, LaneTask<N, P>& task)
      : field_(field), scheme_(field, method), task_(task), sign_(task.t1 > task.t0 ? 1 : -1) {
    // Lanes without a trajectory rest at the end of the time; their numbers are of no account.
    for (std::size_t p = 0; p < packs; ++p) {
      for (int i = 0; i < N; ++i) x_[p][i] = D(task.starts(i, 0));
      for (int i = 0; i < P; ++i) q_[p][i] = D(task.parameters(i, 0));
      t_[p] = target_[p] = D(task.t1);
      wanted_[p] = tries_[p] = accepted_[p] = D(0.0);
      watch_[p] = D(never);
      busy_[p] = Mask(false);
    }
  }

  void run() {
    for (std::size_t p = 0; p < packs; ++p) refill(p);
    while (running_ > 0) {
      if (step()) attend();
    }
  }

 private:
  /// A try in every lane; whether a lane asks for attention.
  [[gnu::flatten]] bool step() {
    for (std::size_t p = 0; p < packs; ++p) {
      const D remaining = target_[p] - t_[p];
      // A remainder of rounding size is merged into the step before it.
      const Mask lands = abs(wanted_[p]) >= abs(remaining) * D(1 - 1e-10);
      h_[p] = select(lands, remaining, wanted_[p]);
    }
    scheme_.attempt(x_, t_, q_, h_, next_, square_);
    bool attention = false;
    for (std::size_t p = 0; p < packs; ++p) {
      square_[p] += nan_unless_finite<N>(next_[p]);
      ok_[p] = square_[p] <= D(1.0);
      const D factor = control_[p].factor(square_[p], ok_[p]);
      const Mask lands = h_[p] == target_[p] - t_[p];
      const D end = select(lands, target_[p], t_[p] + h_[p]);
      after_[p] = select(ok_[p], end, t_[p]);
      const D scaled = h_[p] * factor;
      // Where the step was cut to land on a time, the size wanted before still holds.
      const Mask cut = lands && abs(scaled) < abs(wanted_[p]) && factor >= D(1.0);
      wanted_[p] = select(cut, wanted_[p], scaled);
      tries_[p] += D(1.0);
      accepted_[p] += select(ok_[p], D(1.0), D(0.0));
      const Mask stuck = !ok_[p] && t_[p] + wanted_[p] == t_[p];
      const Mask asks = D(sign_) * after_[p] >= watch_[p] || stuck || tries_[p] >= budget_;
      asks_[p] = busy_[p] && asks;
      attention = attention || any_of(asks_[p]);
    }
    if (attention) return true;
    settle();
    return false;
  }

  [[gnu::flatten]] void settle() {
    for (std::size_t p = 0; p < packs; ++p) {
      x_[p] = blend<N>(ok_[p], next_[p], x_[p]);
      t_[p] = after_[p];
      scheme_.accept(p, ok_[p]);
    }
  }

  /// Saves states, ends trajectories and starts others.
  void attend() {
    for (std::size_t p = 0; p < packs; ++p) {
      for (int lane = 0; lane < lanes; ++lane) {
        if (asks_[p][lane] && ok_[p][lane]) save_passed(p, lane);
      }
    }
    settle();
    for (std::size_t p = 0; p < packs; ++p) {
      bool left = false;
      for (int lane = 0; lane < lanes; ++lane) {
        if (!asks_[p][lane]) continue;
        if (ok_[p][lane] && t_[p][lane] == task_.t1) {
          finish(p, lane, Status::ok);
        } else if (!ok_[p][lane] && t_[p][lane] + wanted_[p][lane] == t_[p][lane]) {
          finish(p, lane, Status::step_underflow);
        } else if (tries_[p][lane] >= budget_[lane]) {
          finish(p, lane, Status::max_steps);
        } else {
          continue;
        }
        left = true;
      }
      if (left) refill(p);
    }
  }

  void save_passed(std::size_t p, int lane) {
    const double end = after_[p][lane];
    std::size_t& next = next_save_[p][static_cast<std::size_t>(lane)];
    const auto column = static_cast<Eigen::Index>(trajectory(p, lane));
    for (; next < task_.save_at.size() && sign_ * (end - task_.save_at[next]) >= 0; ++next) {
      const double at = task_.save_at[next];
      auto to = task_.solution.states[next].col(column);
      to = stochflow::lane(next_[p], lane);
      if constexpr (Scheme::interpolates) {
        const double h = h_[p][lane];
        if (at != end) to = scheme_.inside(p, lane, x_[p], h, (at - t_[p][lane]) / h);
      }
    }
    look_ahead(p, lane);
  }

  /// The time to land on, and the time from which the lane asks for attention.
  void look_ahead(std::size_t p, int lane) {
    const std::size_t next = next_save_[p][static_cast<std::size_t>(lane)];
    const double save = next < task_.save_at.size() ? task_.save_at[next] : task_.t1;
    target_[p].set(lane, Scheme::interpolates ? task_.t1 : save);
    watch_[p].set(lane, sign_ * save);
  }

  std::int64_t trajectory(std::size_t p, int lane) const {
    return trajectory_[p][static_cast<std::size_t>(lane)];
  }

  void finish(std::size_t p, int lane, Status status) {
    const auto k = static_cast<std::size_t>(trajectory(p, lane));
    auto& solution = task_.solution;
    const auto tries = static_cast<std::int64_t>(tries_[p][lane]);
    const auto steps = static_cast<std::int64_t>(accepted_[p][lane]);
    solution.x.col(static_cast<Eigen::Index>(k)) = stochflow::lane(x_[p], lane);
    solution.outcomes[k] = {.status = status, .t = t_[p][lane], .step = steps};
    solution.rejected[k] = tries - steps;
    solution.evaluations[k] += tries * Scheme::evaluations;
    rest(p, lane);
  }

  void rest(std::size_t p, int lane) {
    set(busy_[p], lane, false);
    t_[p].set(lane, task_.t1);
    target_[p].set(lane, task_.t1);
    wanted_[p].set(lane, 0);
    watch_[p].set(lane, never);
    --running_;
  }

  static void set(Mask& mask, int lane, bool to) {
    D marks = select(mask, D(1.0), D(0.0));
    marks.set(lane, to ? 1 : 0);
    mask = marks == D(1.0);
  }

  /// Puts the next trajectories into the free lanes of pack p.
  void refill(std::size_t p) {
    bool again = true;
    while (again) {
      again = false;
      Mask fresh(false);
      for (int lane = 0; lane < lanes; ++lane) {
        if (busy_[p][lane] || !load(p, lane)) continue;
        set(fresh, lane, true);
      }
      if (!any_of(fresh)) return;
      control_[p].restart(fresh);
      const X f = evaluate(field_, x_[p], t_[p], q_[p]);
      scheme_.begin(p, fresh, f);
      const D first = task_.first_step != 0 ? D(std::abs(task_.first_step)) : starting_step(p, f);
      wanted_[p] = select(fresh, D(sign_) * first, wanted_[p]);
      const Mask fine = nan_unless_finite<N>(f) == D(0.0);
      for (int lane = 0; lane < lanes; ++lane) {
        if (!fresh[lane]) continue;
        task_.solution.evaluations[static_cast<std::size_t>(trajectory(p, lane))] =
            task_.first_step != 0 ? 1 : 2;
        if (fine[lane]) continue;
        finish(p, lane, Status::not_finite);
        again = true;
      }
    }
  }

  /// Puts the next trajectory into a lane; whether there is one.
  bool load(std::size_t p, int lane) {
    const std::int64_t k = task_.next.fetch_add(1, std::memory_order_relaxed);
    if (k >= task_.starts.cols()) return false;
    ++running_;
    trajectory_[p][static_cast<std::size_t>(lane)] = k;
    next_save_[p][static_cast<std::size_t>(lane)] = 0;
    set(busy_[p], lane, true);
    for (int i = 0; i < N; ++i) x_[p][i].set(lane, task_.starts(i, k));
    for (int i = 0; i < P; ++i) q_[p][i].set(lane, task_.parameters(i, k));
    t_[p].set(lane, task_.t0);
    tries_[p].set(lane, 0);
    accepted_[p].set(lane, 0);
    if (!task_.save_at.empty() && task_.save_at[0] == task_.t0) {
      task_.solution.states[0].col(k) = task_.starts.col(k);
      next_save_[p][static_cast<std::size_t>(lane)] = 1;
    }
    look_ahead(p, lane);
    return true;
  }

  /// Hairer, Norsett and Wanner 1993, section II.4. Unsigned.
  D starting_step(std::size_t p, const X& f) const {
    const D whole(std::abs(task_.t1 - task_.t0)), least(1e-6 * std::abs(task_.t1 - task_.t0));
    const X scale = scheme_.tolerance().template scale<N>(x_[p]);
    const D d0 = sqrt(mean_square<N>(x_[p], scale)), d1 = sqrt(mean_square<N>(f, scale));
    const Mask flat = d0 < D(1e-5) || d1 < D(1e-5);
    const D h0 = min(whole, select(flat, least, D(0.01) * d0 / d1));
    const D ahead = D(sign_) * h0;
    const X later = evaluate(field_, moved<N>(x_[p], ahead, f), t_[p] + ahead, q_[p]);
    const D d2 = sqrt(mean_square<N>(X(later - f), scale)) / h0;
    const D d = max(d1, d2);
    const D power = D(1.0 / Scheme::order) * fast_log2(D(0.01) / max(D(1e-15), d));
    const D still = max(least, D(1e-3) * h0);
    const D h1 = select(d <= D(1e-15), still, fast_exp2(min(D(900.0), power)));
    const D h = min(whole, min(D(100.0) * h0, h1));
    return select(h > D(0.0), h, least);
  }

  const Field& field_;
  Scheme scheme_;
  LaneTask<N, P>& task_;
  double sign_;
  D budget_ = D(static_cast<double>(task_.max_steps));
  int running_ = 0;
  std::array<X, packs> x_, next_;
  std::array<Q, packs> q_;
  // Before and after the try; the try and the next one; when to land; when to ask (times the sign).
  std::array<D, packs> t_, after_, h_, wanted_, target_, watch_;
  std::array<D, packs> square_, tries_, accepted_;
  std::array<Mask, packs> busy_, ok_, asks_;
  std::array<OdeStepControl<D, Scheme::order>, packs> control_;
  std::array<std::array<std::int64_t, lanes>, packs> trajectory_{};
  std::array<std::array<std::size_t, lanes>, packs> next_save_{};
};

}  // namespace stochflow::detail
