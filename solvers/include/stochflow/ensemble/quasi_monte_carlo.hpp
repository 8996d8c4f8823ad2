#pragma once

// Randomised quasi-Monte Carlo: the expectation of a payoff from trajectories on scrambled Sobol
// points with Brownian-bridge ordering (noise/sobol_paths.hpp), in SIMD lanes, with a confidence
// interval from independent scramblings. For payoffs that depend on few features of the path (most
// options) the error falls almost like 1/n instead of n^(-1/2): typically tens to thousands of
// times less work than `simulate_lanes` for the same statistical error. It knows nothing of the
// error of the time steps: take a method of higher weak order, or enough steps, or compare two
// grids. Where that error dominates, and for dimensions (steps times noises) beyond a few hundred
// with payoffs that feel all of them, take `multilevel`.
//
// Payoffs with jumps (barriers seen at grid points, digitals) lose much of the gain: smooth them,
// as SurvivalProbability (functionals.hpp) does.
//
// Problems, methods and payoffs as for `multilevel`: generic in their number type, methods that
// need W, (W, H) or (W, H, K). The result has the same bits for any number of threads.
// Sources: Owen, "Scrambled net variance for integrals of smooth functions", Ann. Stat. 25 (1997);
// L'Ecuyer and Lemieux 2002 (the interval).

#include <algorithm>
#include <array>
#include <bit>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/ensemble/reduction.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/ensemble/statistics.hpp"
#include "stochflow/noise/increment_for.hpp"
#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/noise/sobol_paths.hpp"
#include "stochflow/pack.hpp"
#include "stochflow/require.hpp"

namespace stochflow {

struct QuasiOptions {
  std::int64_t points = 4096;  // of each scrambling: a power of two, at least 64
  int scramblings = 16;        // at least 2; below 10 the interval is wide
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one for each processor
};

struct QuasiResult {
  double estimate = 0;
  double standard_error = 0;        // from the spread of the scramblings
  double interval = 0;              // half of the 95 % interval, by Student's distribution
  std::vector<double> scramblings;  // the average of each
  double variance = 0;              // of a single payoff, for comparison with plain sampling
  std::size_t dimensions = 0;       // of the points
  std::int64_t trajectories = 0;    // points times scramblings
  std::int64_t failures = 0;        // payoffs that were not finite, and were left out
};

namespace detail {

/// The moments of some scramblings, in their order.
struct Scramblings {
  std::vector<std::pair<std::int64_t, Moments>> of;
  std::int64_t failures = 0;

  void merge(const Scramblings& next) {
    failures += next.failures;
    for (const auto& [number, moments] : next.of) {
      if (!of.empty() && of.back().first == number) {
        of.back().second.merge(moments);
      } else {
        of.emplace_back(number, moments);
      }
    }
  }
};

/// What a method asks of a path, out of the rows of a SobolFamily.
template <class V>
struct SobolRows {
  using value_type = V;
  const double* rows;
  std::size_t steps, count, place;

  Increment<V> increment(const Step& step) const { return {at(0, step)}; }
  SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
    return {at(0, step), at(1, step)};
  }
  SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
    return {at(0, step), at(1, step), at(2, step)};
  }

 private:
  V at(std::size_t kind, const Step& step) const {
    const std::size_t i = kind * steps + static_cast<std::size_t>(step.index);
    if constexpr (is_number<V>) {
      return V::load(rows + i * count + place);
    } else {
      constexpr auto M = static_cast<std::size_t>(V::RowsAtCompileTime);
      V value;
      for (std::size_t c = 0; c < M; ++c) {
        value[static_cast<Eigen::Index>(c)] = V::Scalar::load(rows + (i * M + c) * count + place);
      }
      return value;
    }
  }
};

inline void check(const QuasiOptions& o) {
  if (o.points < 64 || o.points > std::int64_t{1} << 32 ||
      !std::has_single_bit(static_cast<std::uint64_t>(o.points)) || o.scramblings < 2) {
    throw std::invalid_argument(
        "quasi_monte_carlo: expected a power of two of points from 64 to 2^32 and at least 2 "
        "scramblings, found " +
        std::to_string(o.points) + " points and " + std::to_string(o.scramblings) + " scramblings");
  }
}

}  // namespace detail

/// E[payoff(X)] at the end of the grid, X the numerical solution from x0.
template <class P, class M, class X, class Payoff>
QuasiResult quasi_monte_carlo(const P& problem,
                              const M& method,
                              const X& x0,
                              std::span<const double> grid,
                              const Payoff& payoff,
                              const QuasiOptions& options = {}) {
  constexpr NoiseInput needs = detail::needed<M, P>;
  static_assert(needs == NoiseInput::W || needs == NoiseInput::WH || needs == NoiseInput::WHK,
                "Sobol points make paths of W, (W, H) and (W, H, K); Levy areas and two- and "
                "three-point variables have no use for their evenness: take simulate_lanes.");
  static_assert(std::is_same_v<NumberOf<X>, double>,
                "quasi_monte_carlo runs in double precision: start from doubles.");
  detail::require_compatible<P, M>();
  detail::check(options);
  using Number = Pack<double>;
  using State = InLanesOf<X>;
  using V = decltype(noise_like(problem, std::declval<const State&>(), 0.0));
  constexpr std::size_t noises = [] {
    if constexpr (is_number<V>) {
      return std::size_t{1};
    } else {
      return static_cast<std::size_t>(V::RowsAtCompileTime);
    }
  }();
  // So many points at once that their noise stays in the second-level cache.
  constexpr std::size_t block = 64;
  constexpr auto lanes = static_cast<std::size_t>(Number::lanes);

  const detail::SobolFamily family(grid, noises, needs);
  std::vector<std::vector<OwenScrambling>> keys;
  for (int r = 0; r < options.scramblings; ++r) {
    keys.push_back(family.scrambling(options.seed, static_cast<std::uint64_t>(r)));
  }
  const std::int64_t leaf_points = std::min(options.points, detail::leaf_size);
  const std::int64_t leaves = options.points / leaf_points;

  const auto make_leaf = [&](std::int64_t index) {
    const std::int64_t scrambling = index / leaves, leaf = index % leaves;
    std::vector<double> rows, scratch, values;
    values.reserve(static_cast<std::size_t>(leaf_points));
    std::int64_t failures = 0;
    for (std::int64_t done = 0; done < leaf_points; done += static_cast<std::int64_t>(block)) {
      const auto first = static_cast<std::uint32_t>(leaf * leaf_points + done);
      family.fill<Number>(first, block, keys[static_cast<std::size_t>(scrambling)], rows, scratch);
      std::array<State, block / lanes> x;
      x.fill(to_lanes(x0));
      for (std::size_t n = 0; n + 1 < grid.size(); ++n) {
        const Step step{static_cast<std::int64_t>(n), grid[n], grid[n + 1] - grid[n]};
        for (std::size_t p = 0; p < x.size(); ++p) {
          const detail::SobolRows<V> path{rows.data(), grid.size() - 1, block, p * lanes};
          x[p] =
              method.step(problem, x[p], step.t, step.h, detail::increment_for<M, P>(path, step));
        }
      }
      for (const State& state : x) {
        const Number value = payoff(state);
        for (int l = 0; l < Number::lanes; ++l) {
          if (std::isfinite(value[l])) {
            values.push_back(value[l]);
          } else {
            ++failures;
          }
        }
      }
    }
    return detail::Scramblings{{{scrambling, Moments::of(values)}}, failures};
  };
  const auto all =
      reduce_leaves<detail::Scramblings>(
          0, leaves * options.scramblings, options.threads, make_leaf, [](const auto&) {})
          .total();

  QuasiResult result;
  Moments averages, payoffs;
  for (const auto& [number, moments] : all.of) {
    result.scramblings.push_back(moments.mean());
    averages.add(moments.mean());
    payoffs.merge(moments);
  }
  const double freedom = static_cast<double>(options.scramblings - 1);
  result.estimate = averages.mean();
  result.standard_error = averages.mean_standard_error();
  result.interval =
      result.standard_error *
      boost::math::quantile(boost::math::students_t_distribution<double>(freedom), 0.975);
  result.variance = payoffs.variance();
  result.dimensions = family.dimensions();
  result.trajectories = options.points * options.scramblings;
  result.failures = all.failures;
  return result;
}

}  // namespace stochflow
