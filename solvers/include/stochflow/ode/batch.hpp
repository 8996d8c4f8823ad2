#pragma once

// Many initial-value problems dx/dt = field(x, t) side by side, each with its own time and step
// size: `solve_ode_batch(field, Tsit5{}, starts, t0, t1)`. The states of `lanes` trajectories are
// the columns of one array [N, lanes], so that the field is evaluated for all of them at once in
// vector registers; no trajectory's steps depend on its neighbours. A trajectory that has arrived
// makes room for the next one, and when none is left the array shrinks. Use it for parameter scans
// and ensembles of small systems; for one system in odeint's style take solve_ode. t1 may lie
// before t0.
//
// The field is a callable field(x, t) with x [N, L] and t [L] (a row), and returns [N, L]; L
// varies. Parameters that differ between trajectories travel as components with derivative 0.

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stochflow/ode/batch_solution.hpp"
#include "stochflow/ode/explicit_pairs.hpp"
#include "stochflow/ode/save_times.hpp"
#include "stochflow/state.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

struct OdeBatchOptions {
  std::vector<double> save_at = {};  // in the direction of integration, between t0 and t1
  std::int64_t lanes = 8;
  double first_step = 0;            // 0: chosen from the field at the start
  std::int64_t max_steps = 100000;  // accepted and rejected, of one trajectory
};

namespace detail {

/// The trajectories under way; see solve_ode_batch.
template <class Field, class Method, int N>
class OdeLanes {
  static constexpr const auto& pair = Method::pair;
  static constexpr std::size_t s = std::decay_t<decltype(pair)>::stages;

 public:
  OdeLanes(const Field& field,
           const Method& method,
           const Lanes<N>& starts,
           double t0,
           double t1,
           const OdeBatchOptions& options)
      : field_(field), method_(method), starts_(starts), t0_(t0), t1_(t1), options_(options) {
    const auto count = static_cast<std::size_t>(starts.cols());
    solution_.x = starts;
    solution_.outcomes.assign(count, {});
    solution_.rejected.assign(count, 0);
    solution_.evaluations.assign(count, 0);
    solution_.states.assign(options.save_at.size(),
                            Lanes<N>::Constant(starts.rows(), starts.cols(), NAN));
    const auto lanes = std::min<std::int64_t>(options.lanes, starts.cols());
    resize(lanes);
    for (Eigen::Index lane = 0; lane < x_.cols();) lane += load(lane) ? 1 : 0;
  }

  OdeBatchSolution<N> run() {
    while (x_.cols() > 0) step();
    return std::move(solution_);
  }

 private:
  struct Lane {
    std::int64_t trajectory = 0;
    double wanted = 0;  // next step, signed
    double last_error = 1;
    std::size_t next_save = 0;
  };

  std::size_t index(Eigen::Index lane) const {
    return static_cast<std::size_t>(lanes_[static_cast<std::size_t>(lane)].trajectory);
  }
  Outcome& outcome(Eigen::Index lane) { return solution_.outcomes[index(lane)]; }

  void resize(Eigen::Index lanes) {
    x_.conservativeResize(starts_.rows(), lanes);
    t_.conservativeResize(lanes);
    for (auto& stage : k_) stage.conservativeResize(starts_.rows(), lanes);
    lanes_.resize(static_cast<std::size_t>(lanes));
  }

  Lanes<N> evaluate(const Lanes<N>& x, const LaneRow& t) const { return field_(x, t); }

  /// Puts the next trajectory that can start into a lane, or removes the lane; whether it is used.
  bool load(Eigen::Index lane) {
    while (next_ < starts_.cols()) {
      Lane& place = lanes_[static_cast<std::size_t>(lane)];
      place = {.trajectory = next_++};
      const Lanes<N> x0 = starts_.col(place.trajectory);
      const Lanes<N> f0 = evaluate(x0, LaneRow::Constant(1, t0_));
      solution_.evaluations[index(lane)] = 1;
      outcome(lane) = {.status = Status::ok, .t = t0_, .step = 0};
      x_.col(lane) = x0;
      t_[lane] = t0_;
      k_[0].col(lane) = f0;
      save(lane, t0_, [&](double) { return x0; });
      if (!f0.isFinite().all()) {
        outcome(lane).status = Status::not_finite;
        continue;
      }
      place.wanted = options_.first_step != 0 ? std::abs(options_.first_step)
                                              : starting_step(x0, f0, index(lane));
      if (t1_ < t0_) place.wanted = -place.wanted;
      return true;
    }
    const Eigen::Index last = x_.cols() - 1;
    if (lane != last) {
      x_.col(lane) = x_.col(last).eval();
      t_[lane] = t_[last];
      k_[0].col(lane) = k_[0].col(last).eval();
      lanes_[static_cast<std::size_t>(lane)] = lanes_[static_cast<std::size_t>(last)];
    }
    resize(last);
    return lane == last;  // the caller looks at the lane that moved here
  }

  /// sqrt(mean((y / (atol + rtol |x|))^2))
  double size(const Lanes<N>& y, const Lanes<N>& x) const {
    return std::sqrt((y / (method_.atol + method_.rtol * x.abs())).square().mean());
  }

  /// Hairer, Norsett and Wanner 1993, section II.4.
  double starting_step(const Lanes<N>& x0, const Lanes<N>& f0, std::size_t trajectory) {
    const double whole = std::abs(t1_ - t0_), sign = t1_ > t0_ ? 1 : -1;
    const double d0 = size(x0, x0), d1 = size(f0, x0);
    double h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 * whole : 0.01 * d0 / d1;
    h0 = std::min(h0, whole);
    const Lanes<N> later = evaluate(x0 + (sign * h0) * f0, LaneRow::Constant(1, t0_ + sign * h0));
    ++solution_.evaluations[trajectory];
    const double d2 = size(later - f0, x0) / h0, d = std::max(d1, d2);
    const double h1 =
        d <= 1e-15 ? std::max(1e-6 * whole, 1e-3 * h0) : std::pow(0.01 / d, 1.0 / pair.order);
    const double h = std::min({100 * h0, h1, whole});
    return h > 0 ? h : 1e-6 * whole;
  }

  /// Keeps the states at save times up to t, from state_at(time).
  template <class StateAt>
  void save(Eigen::Index lane, double t, const StateAt& state_at) {
    auto& [trajectory, wanted, last_error, next] = lanes_[static_cast<std::size_t>(lane)];
    const double sign = t1_ > t0_ ? 1 : -1;
    for (; next < options_.save_at.size() && sign * (t - options_.save_at[next]) >= 0; ++next) {
      solution_.states[next].col(trajectory) = state_at(options_.save_at[next]);
    }
  }

  double target(Eigen::Index lane) const {
    const Lane& place = lanes_[static_cast<std::size_t>(lane)];
    return Method::interpolates || place.next_save == options_.save_at.size()
               ? t1_
               : options_.save_at[place.next_save];
  }

  Lanes<N> weighed(const std::array<double, s>& w, std::size_t count, const LaneRow& h) const {
    Lanes<N> sum = w[0] * k_[0];
    for (std::size_t j = 1; j < count; ++j) {
      if (w[j] != 0) sum += w[j] * k_[j];
    }
    return sum.rowwise() * h;
  }

  /// Over the components, in the same order whatever the number of lanes.
  static LaneRow mean_of_squares(const Lanes<N>& y) {
    LaneRow sum = y.row(0).square();
    for (Eigen::Index i = 1; i < y.rows(); ++i) sum += y.row(i).square();
    return sum / static_cast<double>(y.rows());
  }

  /// One try of a step of every lane.
  void step() {
    const Eigen::Index L = x_.cols();
    LaneRow h(L);
    for (Eigen::Index lane = 0; lane < L; ++lane) {
      const double wanted = lanes_[static_cast<std::size_t>(lane)].wanted;
      const double remaining = target(lane) - t_[lane];
      // A remainder of rounding size is merged into the step before it.
      h[lane] = std::abs(wanted) >= std::abs(remaining) * (1 - 1e-10) ? remaining : wanted;
    }
    Lanes<N> next;
    for (std::size_t i = 1; i < s; ++i) {
      next = x_ + weighed(pair.a[i], i, h);
      k_[i] = evaluate(next, t_ + pair.c[i] * h);
    }
    const Lanes<N> error = weighed(pair.e, s, h);
    const Lanes<N> scale = method_.atol + method_.rtol * x_.abs().max(next.abs());
    LaneRow e = mean_of_squares(error / scale);
    // Not Eigen's own root: its vector form (AVX-512) is rounded otherwise than the scalar one, and
    // a trajectory's steps would depend on its place in the batch.
    const auto root = [](double v) { return std::sqrt(v); };
    if constexpr (pair.has_low()) {
      const LaneRow low = mean_of_squares(weighed(pair.e_low, s, h) / scale);
      e = (e > 0).select(e / (e + 0.01 * low).unaryExpr(root), e);
    } else {
      e = e.unaryExpr(root).eval();
    }
    // From the last to the first, so that a lane that is removed is replaced by one already done.
    for (Eigen::Index lane = L - 1; lane >= 0; --lane) {
      const bool fine = e[lane] <= 1 && next.col(lane).isFinite().all();
      if (settle(lane, h[lane], fine ? e[lane] : std::max(e[lane], 1.1), next, fine)) {
        solution_.x.col(static_cast<Eigen::Index>(index(lane))) = x_.col(lane);
        load(lane);
      }
    }
  }

  /// Accepts or rejects the step of a lane; whether its trajectory is over.
  bool settle(Eigen::Index lane, double taken, double error, const Lanes<N>& next, bool accepted) {
    Lane& place = lanes_[static_cast<std::size_t>(lane)];
    Outcome& result = outcome(lane);
    solution_.evaluations[index(lane)] += static_cast<std::int64_t>(s) - 1;
    const auto over = [&](Status status) {
      result.status = status;
      return true;
    };
    const double p = pair.order;
    if (accepted) {
      const double remaining = target(lane) - t_[lane];
      const bool lands = taken == remaining;
      const double t = lands ? target(lane) : t_[lane] + taken;
      save(lane, t, [&](double at) { return state_inside(lane, at, taken, next, t); });
      x_.col(lane) = next.col(lane);
      k_[0].col(lane) = k_[s - 1].col(lane);
      t_[lane] = t;
      result.t = t;
      ++result.step;
      if (t == t1_) return over(Status::ok);
      const double now = std::max(error, 1e-10);
      const double factor = 0.9 * std::pow(now, -0.7 / p) * std::pow(place.last_error, 0.4 / p);
      place.last_error = std::max(error, 1e-4);
      const double grown = taken * std::clamp(factor, 0.2, 5.0);
      // Where the step was cut to land on a time, the size wanted before still holds.
      const bool cut = lands && std::abs(taken) < std::abs(place.wanted) && factor >= 1;
      place.wanted =
          cut ? (std::abs(grown) > std::abs(place.wanted) ? grown : place.wanted) : grown;
    } else {
      ++solution_.rejected[index(lane)];
      const double factor = std::isfinite(error) ? 0.9 * std::pow(error, -1 / p) : 0;
      place.wanted = taken * std::clamp(factor, 0.2, 0.95);
      if (t_[lane] + place.wanted == t_[lane]) return over(Status::step_underflow);
    }
    if (result.step + solution_.rejected[index(lane)] >= options_.max_steps) {
      return over(Status::max_steps);
    }
    return false;
  }

  Lanes<N> state_inside(
      Eigen::Index lane, double at, double taken, const Lanes<N>& next, double t) const {
    if constexpr (Method::interpolates) {
      if (at != t) {
        const auto w = Method::weights((at - t_[lane]) / taken);
        Lanes<N> sum = x_.col(lane);
        for (std::size_t j = 0; j < s; ++j) sum += (taken * w[j]) * k_[j].col(lane);
        return sum;
      }
    }
    return next.col(lane);
  }

  const Field& field_;
  const Method& method_;
  const Lanes<N>& starts_;
  double t0_, t1_;
  const OdeBatchOptions& options_;
  OdeBatchSolution<N> solution_;
  std::int64_t next_ = 0;
  std::vector<Lane> lanes_;
  Lanes<N> x_;
  LaneRow t_;
  std::array<Lanes<N>, s> k_;  // k_[0] is the field at x_
};

}  // namespace detail

/// Integrates from every column of `starts` [N, trajectories] at t0 to t1, with local errors below
/// atol + rtol |x| in root mean square over the components of each trajectory.
template <int N, class Field, class Method>
OdeBatchSolution<N> solve_ode_batch(const Field& field,
                                    const Method& method,
                                    const Lanes<N>& starts,
                                    double t0,
                                    double t1,
                                    const OdeBatchOptions& options = {}) {
  detail::check_span("solve_ode_batch", t0, t1, options.save_at);
  if (options.lanes < 1 || starts.cols() < 1 || starts.rows() < 1) {
    throw std::invalid_argument(
        "solve_ode_batch: expected at least one lane, one trajectory and one component, found " +
        std::to_string(options.lanes) + ", " + std::to_string(starts.cols()) + " and " +
        std::to_string(starts.rows()));
  }
  return detail::OdeLanes<Field, Method, N>(field, method, starts, t0, t1, options).run();
}

}  // namespace stochflow
