#pragma once

// The samples of one level of multilevel Monte Carlo: a leaf of trajectories at once in SIMD lanes,
// fine and coarse on the same path. multilevel.hpp drives it. A method that says
// `exchanges_halves` gets a twin of the fine trajectory (antithetic_milstein.hpp).

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "stochflow/ensemble/lane_noise.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/grid.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/pack.hpp"
#include "stochflow/require.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

/// Fine payoffs, and fine minus coarse ones. A sample that is not finite is counted and left out.
struct LevelSamples {
  Moments fine, difference;
  std::int64_t failures = 0;
  void merge(const LevelSamples& next) {
    failures += next.failures;
    fine.merge(next.fine);
    difference.merge(next.difference);
  }
};

namespace detail {

template <class M>
constexpr bool exchanges_halves() {
  if constexpr (requires { M::exchanges_halves; }) {
    return M::exchanges_halves;
  } else {
    return false;
  }
}

/// Coarse payoffs may be none: the lowest level.
inline LevelSamples level_samples(std::vector<double> fine, std::vector<double> coarse = {}) {
  std::vector<double> difference;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < fine.size(); ++k) {
    const double d = coarse.empty() ? fine[k] : fine[k] - coarse[k];
    if (!std::isfinite(d) || !std::isfinite(fine[k])) continue;
    fine[kept++] = fine[k];
    difference.push_back(d);
  }
  const auto failures = static_cast<std::int64_t>(fine.size() - kept);
  fine.resize(kept);
  return {Moments::of(fine), Moments::of(difference), failures};
}

/// A level's samples are the trajectories from level 2^48 on.
inline std::uint64_t first_of(int level, std::int64_t leaf) {
  return (static_cast<std::uint64_t>(level) << 48) + static_cast<std::uint64_t>(leaf * leaf_size);
}

template <class P, class M, class X>
struct LevelBlock {
  using State = InLanesOf<X>;
  using Number = NumberOf<X>;
  using Noises = decltype(noise_like(std::declval<const P&>(), std::declval<const State&>(), 0.0));
  static constexpr auto lanes = static_cast<std::size_t>(Pack<Number>::lanes);
  static constexpr std::size_t packs = static_cast<std::size_t>(leaf_size) / lanes;
  using Noise = LaneNoise<needed<M, P>, Noises, packs>;
  using States = std::array<State, packs>;

  /// The payoff of every trajectory.
  template <class Payoff>
  static std::vector<double> payoffs(const States& states, const Payoff& payoff) {
    std::vector<double> values(packs * lanes);
    for (std::size_t p = 0; p < packs; ++p) {
      const Pack<Number> value = payoff(states[p]);
      for (std::size_t l = 0; l < lanes; ++l) {
        values[p * lanes + l] = static_cast<double>(value[static_cast<int>(l)]);
      }
    }
    return values;
  }
};

template <class P, class M, class X, class Payoff>
LevelSamples single_samples(const P& problem,
                            const M& method,
                            const X& x0,
                            double t0,
                            double t1,
                            std::int64_t steps,
                            const Payoff& payoff,
                            std::uint64_t seed,
                            std::int64_t leaf) {
  require_compatible<P, M>();
  using Block = LevelBlock<P, M, X>;
  typename Block::Noise noise(seed);
  noise.start(first_of(0, leaf));
  typename Block::States x;
  x.fill(to_lanes(x0));
  const auto grid = uniform_grid(t0, t1, steps);
  for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
    const Step step{static_cast<std::int64_t>(n), grid[n], grid[n + 1] - grid[n]};
    noise.prepare(step);
    for (std::size_t p = 0; p < Block::packs; ++p) {
      x[p] = method.step(problem, x[p], step.t, step.h, increment_for<M, P>(noise.at(p), step));
    }
  }
  return level_samples(Block::payoffs(x, payoff));
}

template <class P, class M, class X, class Payoff>
LevelSamples coupled_samples(const P& problem,
                             const M& method,
                             const X& x0,
                             double t0,
                             double t1,
                             std::int64_t steps,
                             const Payoff& payoff,
                             std::uint64_t seed,
                             int level,
                             std::int64_t leaf) {
  constexpr NoiseInput needs = needed<M, P>;
  static_assert(
      needs == NoiseInput::W || needs == NoiseInput::WH || needs == NoiseInput::WHK,
      "Multilevel Monte Carlo runs two step sizes on one Brownian path, so the method must "
      "need W, (W, H) or (W, H, K): two- and three-point variables have no path, and "
      "Levy areas are better avoided.");
  require_compatible<P, M>();
  using Block = LevelBlock<P, M, X>;
  typename Block::Noise noise(seed);
  noise.start(first_of(level, leaf));
  constexpr bool with_twin = exchanges_halves<M>();
  typename Block::States fine, coarse;
  std::conditional_t<with_twin, typename Block::States, std::monostate> twin;
  fine.fill(to_lanes(x0));
  coarse.fill(to_lanes(x0));
  if constexpr (with_twin) twin.fill(to_lanes(x0));
  const auto grid = uniform_grid(t0, t1, steps);
  using Increments = decltype(increment_for<M, P>(noise.at(0), Step{}));
  std::array<Increments, Block::packs> first_half;
  for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
    const Step step{static_cast<std::int64_t>(n), grid[n], grid[n + 1] - grid[n]};
    noise.prepare(step);
    for (std::size_t p = 0; p < Block::packs; ++p) {
      const auto dB = increment_for<M, P>(noise.at(p), step);
      fine[p] = method.step(problem, fine[p], step.t, step.h, dB);
      if (n % 2 == 0) {
        first_half[p] = dB;
      } else {
        const double t = grid[n - 1], h1 = grid[n] - t;
        const auto both = merge(first_half[p], h1, dB, step.h);
        coarse[p] = method.step(problem, coarse[p], t, grid[n + 1] - t, both);
        if constexpr (with_twin) {
          // The steps are equally long, so the increments may change places.
          twin[p] = method.step(problem, twin[p], t, h1, dB);
          twin[p] = method.step(problem, twin[p], step.t, step.h, first_half[p]);
        }
      }
    }
  }
  std::vector<double> fine_payoffs = Block::payoffs(fine, payoff);
  if constexpr (with_twin) {
    const std::vector<double> others = Block::payoffs(twin, payoff);
    for (std::size_t k = 0; k < others.size(); ++k) {
      fine_payoffs[k] = 0.5 * (fine_payoffs[k] + others[k]);
    }
  }
  return level_samples(std::move(fine_payoffs), Block::payoffs(coarse, payoff));
}

}  // namespace detail
}  // namespace stochflow
