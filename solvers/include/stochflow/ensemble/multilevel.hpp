#pragma once

// Multilevel Monte Carlo: the expectation of a payoff to a stated root-mean-square error at the
// least cost. Level l runs base_steps 2^l steps; its samples are differences between a fine and a
// coarse trajectory *on the same Brownian path* (the coarse increments are sums of the fine ones),
// so their variance falls with l and few samples are needed where they are dear. With a method of
// strong order 1 the work for an error eps is eps^-2, as if the exact solution could be sampled;
// plain Monte Carlo with `simulate_lanes` needs eps^-3 with a method of weak order 1.
//
// For noise that does not commute AntitheticMilstein (antithetic_milstein.hpp) does the same
// without Levy areas. Payoffs of the path: follow.hpp.
//
// Trajectories run in SIMD lanes: see lanes.hpp for what the problem must be like. The payoff is a
// function of the final state, generic in its number type. The result is the same to the last bit
// for any number of threads.
//
// Source: Giles, "Multilevel Monte Carlo path simulation", Operations Research 56 (2008), and
// "Multilevel Monte Carlo methods", Acta Numerica 24 (2015), algorithm 1 and section 3.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/ensemble/level_samples.hpp"
#include "stochflow/ensemble/reduction.hpp"
#include "stochflow/ensemble/statistics.hpp"

namespace stochflow {

struct MultilevelOptions {
  double rmse = 1e-2;           // the target: sqrt(bias^2 + variance), in units of the payoff
  std::int64_t base_steps = 1;  // steps of level 0
  std::int64_t pilot = 4096;    // samples of every new level before its variance is known
  int least_levels = 3;         // levels before the bias is judged
  int most_levels = 20;         // where to give up
  double most_steps = 1e12;     // and the cost at which to give up, in steps
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one for each processor
};

struct MultilevelRow {
  int level = 0;
  std::int64_t steps = 0;  // of the fine trajectory
  std::int64_t samples = 0;
  double mean = 0;  // of fine minus coarse (level 0: fine)
  double variance = 0;
  double kurtosis = 0;  // of fine minus coarse; above 100 the variances are not to be trusted
  double fine_mean = 0;
  double fine_variance = 0;  // (with a twin: of the average of the two)
  /// |coarse mean + mean - fine mean| over three times its standard errors: above 1, the coarse
  /// trajectories of this level are not distributed like the fine ones of the level below.
  double inconsistency = 0;
  double cost = 0;  // steps taken for one sample: fine, its twin if there is one, and coarse
};

struct MultilevelResult {
  double estimate = 0;
  double standard_error = 0;  // statistical
  double bias = 0;            // estimated bound of the time-stepping error
  double interval = 0;        // half of the 95 % interval: 1.96 standard errors and the bias
  double rmse = 0;            // sqrt(standard_error^2 + bias^2)
  double alpha = 0;           // measured: |mean| falls like 2^(-alpha l)
  double beta = 0;            // measured: variance falls like 2^(-beta l)
  double cost = 0;            // steps taken
  std::int64_t failures = 0;  // samples that were not finite, and were left out
  bool converged = false;     // false: most_levels or most_steps reached short of the target
  std::vector<MultilevelRow> levels;
};

namespace detail {

/// The slope of -log2(values) against the level, for levels from 1 on, at least `least`.
inline double decay(const std::vector<double>& values, double least) {
  double n = 0, sl = 0, sv = 0, sll = 0, slv = 0;
  for (std::size_t l = 1; l < values.size(); ++l) {
    if (!(values[l] > 0)) continue;
    const double x = static_cast<double>(l), y = -std::log2(values[l]);
    n += 1, sl += x, sv += y, sll += x * x, slv += x * y;
  }
  const double spread = n * sll - sl * sl;
  return spread > 0 ? std::max(least, (n * slv - sl * sv) / spread) : least;
}

inline void check(const MultilevelOptions& o) {
  if (!(o.rmse > 0) || !(o.most_steps > 0) || o.base_steps < 1 || o.pilot < 256 ||
      o.least_levels < 3 || o.most_levels < o.least_levels || o.most_levels > 30) {
    throw std::invalid_argument(
        "multilevel: expected rmse > 0, base_steps >= 1, pilot >= 256 and 3 <= least_levels <= "
        "most_levels <= 30, found rmse = " +
        std::to_string(o.rmse) + ", base_steps = " + std::to_string(o.base_steps) + ", pilot = " +
        std::to_string(o.pilot) + ", least_levels = " + std::to_string(o.least_levels) +
        ", most_levels = " + std::to_string(o.most_levels));
  }
}

}  // namespace detail

/// E[payoff(X_t1)] of `problem` from x0, with an error estimate.
template <class P, class M, class X, class Payoff>
MultilevelResult multilevel(const P& problem,
                            const M& method,
                            const X& x0,
                            double t0,
                            double t1,
                            const Payoff& payoff,
                            const MultilevelOptions& options = {}) {
  detail::check(options);
  std::vector<LeafRange<LevelSamples>> ranges;
  std::vector<LevelSamples> totals;

  const auto steps_of = [&](std::size_t l) { return options.base_steps << l; };
  const auto cost_of = [&](std::size_t l) {
    const std::int64_t fine = detail::exchanges_halves<M>() ? 2 : 1;
    return static_cast<double>(l == 0 ? steps_of(0) : fine * steps_of(l) + steps_of(l - 1));
  };
  const auto sample = [&](std::size_t l, std::int64_t wanted) {
    const std::int64_t leaves = (wanted + detail::leaf_size - 1) / detail::leaf_size;
    if (leaves <= ranges[l].last()) return;
    const auto make = [&](std::int64_t leaf) {
      return l == 0 ? detail::single_samples(
                          problem, method, x0, t0, t1, steps_of(0), payoff, options.seed, leaf)
                    : detail::coupled_samples(problem,
                                              method,
                                              x0,
                                              t0,
                                              t1,
                                              steps_of(l),
                                              payoff,
                                              options.seed,
                                              static_cast<int>(l),
                                              leaf);
    };
    ranges[l].append(reduce_leaves<LevelSamples>(
        ranges[l].last(), leaves, options.threads, make, [](const auto&) {}));
    totals[l] = ranges[l].total();
  };
  const auto add_level = [&] {
    ranges.emplace_back();
    totals.emplace_back();
    sample(ranges.size() - 1, options.pilot);
  };

  MultilevelResult result;
  for (int l = 0; l < options.least_levels; ++l) add_level();
  for (;;) {
    // Weak and strong decay, as measured; the means of the finest levels are noisy, so none counts
    // for less than half of what the decay lets expect (Giles 2015, section 3.3).
    std::vector<double> means, variances;
    for (const LevelSamples& level : totals) {
      means.push_back(std::abs(level.difference.mean()));
      variances.push_back(level.difference.variance());
    }
    result.alpha = detail::decay(means, 0.5);
    result.beta = detail::decay(variances, 0.5);
    for (std::size_t l = 2; l < totals.size(); ++l) {
      means[l] = std::max(means[l], 0.5 * means[l - 1] / std::exp2(result.alpha));
      variances[l] = std::max(variances[l], 0.5 * variances[l - 1] / std::exp2(result.beta));
    }

    const std::size_t last = totals.size() - 1;
    result.bias = 0;
    for (std::size_t back = 0; back < 3 && back < last; ++back) {
      const double here = std::abs(totals[last - back].difference.mean());
      const double carried = here * std::exp2(-result.alpha * static_cast<double>(back));
      result.bias = std::max(result.bias, carried / (std::exp2(result.alpha) - 1));
    }

    // The cheapest numbers of samples whose variances add up to half the squared target.
    double sum = 0;
    for (std::size_t l = 0; l < totals.size(); ++l) sum += std::sqrt(variances[l] * cost_of(l));
    double planned = 0;
    const auto wanted_of = [&](std::size_t l) {
      return 2 / (options.rmse * options.rmse) * std::sqrt(variances[l] / cost_of(l)) * sum;
    };
    for (std::size_t l = 0; l < totals.size(); ++l) planned += wanted_of(l) * cost_of(l);
    // Where the variance does not fall, the next level would cost more than all before.
    if (planned > options.most_steps) break;
    bool grew = false;
    for (std::size_t l = 0; l < totals.size(); ++l) {
      const std::int64_t before = ranges[l].last();
      sample(l, static_cast<std::int64_t>(std::ceil(wanted_of(l))));
      grew = grew || ranges[l].last() > before + before / 100;
    }
    if (grew) continue;

    result.converged = result.bias <= options.rmse / std::sqrt(2.0);
    const double pilot_cost = static_cast<double>(options.pilot) * cost_of(totals.size());
    if (result.converged || static_cast<int>(totals.size()) >= options.most_levels ||
        pilot_cost > options.most_steps) {
      break;
    }
    add_level();
  }

  double variance = 0;
  for (std::size_t l = 0; l < totals.size(); ++l) {
    const LevelSamples& level = totals[l];
    const double n = static_cast<double>(level.difference.count());
    MultilevelRow row{.level = static_cast<int>(l),
                      .steps = steps_of(l),
                      .samples = level.difference.count(),
                      .mean = level.difference.mean(),
                      .variance = level.difference.variance(),
                      .kurtosis = level.difference.kurtosis(),
                      .fine_mean = level.fine.mean(),
                      .fine_variance = level.fine.variance(),
                      .inconsistency = 0,
                      .cost = cost_of(l)};
    if (l > 0) {
      const Moments& below = totals[l - 1].fine;
      const double error = below.mean_standard_error() + level.fine.mean_standard_error() +
                           level.difference.mean_standard_error();
      row.inconsistency = std::abs(below.mean() + row.mean - row.fine_mean) / (3 * error);
    }
    result.failures += level.failures;
    result.estimate += row.mean;
    variance += row.variance / n;
    result.cost += n * row.cost;
    result.levels.push_back(row);
  }
  result.standard_error = std::sqrt(variance);
  result.interval = 1.96 * result.standard_error + result.bias;
  result.rmse = std::sqrt(variance + result.bias * result.bias);
  return result;
}

}  // namespace stochflow
