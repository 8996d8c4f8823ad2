#pragma once

// Looking for events in a step from (x, t) to (x', t + h). Over the step e is taken for a Brownian
// motion of variance rate |v|^2, v_k = (grad e . g_k)(x, t), pinned at e(x, t) and e(x', t + h):
// exact when e is linear and the coefficients are constant, otherwise right up to the order to
// which Euler-Maruyama is. The state at the event is the straight line from x to x' plus the
// Brownian bridge's noise, given that e is zero there.
//
// All random bits are functions of (seed, trajectory, step, event). Each event is decided on its
// own: levels closer to each other than the noise of a step call for smaller steps.
// Source: Gobet, "Weak approximation of killed diffusion using Euler schemes", 2000.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/derivative.hpp"
#include "stochflow/events/event.hpp"
#include "stochflow/events/hitting.hpp"
#include "stochflow/noise/discrete.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/solution.hpp"

namespace stochflow::detail {

/// The slopes v_k of e along the columns of the diffusion, shaped like the noise.
template <class P, class X, class F, class V>
V slopes(const P& problem, const F& e, const X& x, double t, V like) {
  static_assert(
      requires { e(seed_direction(x, x), t); },
      "An event function must take any kind of number, for its derivative: write it as "
      "[](const auto& x, double t) { return ...; }.");
  V v = like * 0.0;
  V unit = v;
  const auto out = elements(v), ones = elements(unit);
  for (std::size_t k = 0; k < out.size(); ++k) {
    ones[k] = 1;
    const X column = noise_term(problem, x, t, unit);
    out[k] = derivative_part(e(seed_direction(x, column), t));
    ones[k] = 0;
  }
  return v;
}

/// The values of all events at the point reached.
template <class EventList>
class EventWatch {
 public:
  template <class X>
  void start(const EventList& events, const X& x, double t) {
    if constexpr (EventList::count > 0) {
      values_ = values(events, x, t, std::make_index_sequence<EventList::count>{});
    }
  }

  /// Adds the events between two points of a step to `found`, up to the first terminal one, and
  /// returns whether there is such a one. `part` counts the points looked at within `step`.
  template <class P, class X, class V>
  bool look(const P& problem,
            const EventList& events,
            PathId id,
            const V& like,
            std::int64_t step,
            std::uint32_t part,
            const X& x,
            double t,
            const X& next,
            double t_next,
            std::vector<EventRecord<X>>& found) {
    if constexpr (EventList::count == 0) {
      return false;
    } else {
      const auto now = values(events, next, t_next, std::make_index_sequence<EventList::count>{});
      const auto first = static_cast<std::ptrdiff_t>(found.size());
      const auto index = static_cast<std::uint64_t>(step) << 32;
      [&]<std::size_t... k>(std::index_sequence<k...>) {
        (look_for<k>(problem,
                     std::get<k>(events.list),
                     {RandomStream(id.seed, Purpose::event),
                      id.trajectory,
                      index + 2 * (part * std::uint32_t{EventList::count} + k)},
                     like,
                     x,
                     t,
                     next,
                     t_next,
                     now[k],
                     found),
         ...);
      }
      (std::make_index_sequence<EventList::count>{});
      values_ = now;
      std::stable_sort(found.begin() + first, found.end(), [](const auto& a, const auto& b) {
        return a.t < b.t;
      });
      const auto end = std::find_if(found.begin() + first, found.end(), [&](const auto& record) {
        return is_terminal(events, record.event);
      });
      if (end == found.end()) return false;
      found.erase(end + 1, found.end());
      return true;
    }
  }

 private:
  struct Bits {
    RandomStream stream;
    std::uint64_t trajectory, index;
  };

  template <class X, std::size_t... k>
  static std::array<double, EventList::count> values(const EventList& events,
                                                     const X& x,
                                                     double t,
                                                     std::index_sequence<k...>) {
    return {static_cast<double>(std::get<k>(events.list).function(x, t))...};
  }

  static bool is_terminal(const EventList& events, std::size_t which) {
    return std::apply(
        [&](const auto&... event) {
          std::size_t k = 0;
          bool terminal = false;
          ((terminal = terminal || (k++ == which && event.terminal)), ...);
          return terminal;
        },
        events.list);
  }

  template <std::size_t k, class P, class X, class F, class V>
  void look_for(const P& problem,
                const Event<F>& event,
                const Bits& bits,
                const V& like,
                const X& x,
                double t,
                const X& next,
                double t_next,
                double e1,
                std::vector<EventRecord<X>>& found) const {
    const double e0 = values_[k];
    const bool rising = e0 < 0;
    // A run that starts on the level has not reached it.
    if (e0 == 0 || !std::isfinite(e1)) return;
    if (event.direction == (rising ? Crossing::falling : Crossing::rising)) return;

    const double h = t_next - t;
    V v = slopes(problem, event.function, x, t, like);
    double rate = 0;
    for (const double vk : elements(v)) rate += vk * vk;
    const double d0 = std::abs(e0), d1 = std::abs(e1);
    const bool opposite = rising ? e1 >= 0 : e1 <= 0;
    const auto words = bits.stream.bits(bits.trajectory, bits.index, 0);
    const auto uniform = [&](std::size_t j) {
      return uniform_open(static_cast<std::uint64_t>(words[j + 1]) << 32 | words[j]);
    };
    if (!opposite && !bridge_hits(d0, d1, rate * h, uniform(0))) return;

    const double part = hitting_fraction(
        d0, d1, rate * h, normal_pair(bits.stream, bits.trajectory, bits.index, 1)[0], uniform(2));
    const double at = std::min(t + part * h, t_next);
    X state = x + part * (next - x);
    if (rate > 0) {
      V B = std::sqrt(part * (1 - part) * h) *
            standard_normals(bits.stream, bits.trajectory, bits.index + 1, like);
      double along = 0;
      const auto b = elements(B), across = elements(v);
      for (std::size_t j = 0; j < b.size(); ++j) along += b[j] * across[j];
      const double on_the_line = e0 + part * (e1 - e0);
      B = V(B - ((on_the_line + along) / rate) * v);
      state = X(state + noise_term(problem, x, t, B));
      // Where e bends, Newton's method along the noise ends on the level.
      const X direction = noise_term(problem, x, t, v);
      double gap = event.function(state, at);
      for (int iteration = 0; iteration < 20 && gap != 0; ++iteration) {
        const double slope = derivative_part(event.function(seed_direction(state, direction), at));
        const X better = state - (gap / slope) * direction;
        const double left = event.function(better, at);
        if (!(std::abs(left) < std::abs(gap))) break;
        state = better;
        gap = left;
      }
    }
    found.push_back({k, at, std::move(state), rising});
  }

  std::array<double, EventList::count> values_{};
};

}  // namespace stochflow::detail
