#pragma once

// Talay and Tubaro's extrapolation of an expectation: with a method of weak order p on an equation
// with smooth coefficients, E phi(X_h) = E phi(X) + C h^p + O(h^(p+1)), so that
//
//   (2^p E phi(X_(h/2)) - E phi(X_h)) / (2^p - 1)     (2 E_(h/2) - E_h for p = 1)
//
// is of order p + 1. A trajectory is run at both step sizes and contributes one value, so the
// standard error is that of the extrapolated mean itself. For methods that live on a Brownian path
// (inputs W and (W, H)) both runs follow the same path and the variance is hardly larger than that
// of one run; weak methods with two- and three-point variables have no common path, and theirs is
// about (4^p + 1)/(2^p - 1)^2 times as large. Where the bias is not the problem, spend the time on
// more trajectories with `simulate` instead. Source: Talay and Tubaro, Stoch. Anal. Appl. 8 (1990),
// 483-509; Kloeden and Platen 1992, section 15.3.

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/noise/increments.hpp"

namespace stochflow {

/// Statistics of each observable; mean() and mean_standard_error() of `extrapolated` are the
/// result.
struct ExtrapolatedMean {
  std::vector<Moments> extrapolated;  // [observables]
  std::vector<Moments> coarse, fine;  // of the runs with h and h/2
  std::int64_t failures = 0;          // trajectories left out because a run failed
};

struct ExtrapolationOptions {
  std::int64_t trajectories = 10000;
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one for each processor
};

namespace detail {

/// Whether increments of a path can be summed to those of longer steps for this input.
constexpr bool can_be_coarsened(NoiseInput needs) {
  return needs == NoiseInput::W || needs == NoiseInput::WH;
}

}  // namespace detail

/// Expectations at t1 from x0 at t0, extrapolated from `steps` and 2 `steps` equal steps.
/// observe(x) as in `simulate`. The order p is what `method` claims for the noise.
template <class P, class M, class X, class Observe>
ExtrapolatedMean extrapolated_mean(const P& problem,
                                   const M& method,
                                   const X& x0,
                                   double t0,
                                   double t1,
                                   std::int64_t steps,
                                   const ExtrapolationOptions& options,
                                   const Observe& observe) {
  static_assert(
      M::facts.weak[P::noise] > 0,
      "extrapolated_mean needs a method that claims a weak order for the problem's noise: "
      "see docs/methods.md.");
  if (options.trajectories < 2) {
    throw std::invalid_argument("extrapolated_mean: expected at least 2 trajectories, found " +
                                std::to_string(options.trajectories));
  }
  if (steps > std::numeric_limits<std::int64_t>::max() / 2) {
    throw std::invalid_argument("extrapolated_mean: too many steps: " + std::to_string(steps));
  }
  const std::vector<double> coarse_grid = uniform_grid(t0, t1, steps);
  const std::vector<double> fine_grid = uniform_grid(t0, t1, 2 * steps);
  const double factor = std::exp2(M::facts.weak[P::noise]);
  const std::size_t observables = observe(x0).size();

  constexpr std::int64_t block_size = 256;
  const std::int64_t blocks = (options.trajectories + block_size - 1) / block_size;
  const ExtrapolatedMean nothing{std::vector<Moments>(observables),
                                 std::vector<Moments>(observables),
                                 std::vector<Moments>(observables)};
  std::vector<ExtrapolatedMean> results(static_cast<std::size_t>(blocks), nothing);
  const auto run_block = [&](std::int64_t b) {
    ExtrapolatedMean& result = results[static_cast<std::size_t>(b)];
    const std::int64_t last = std::min((b + 1) * block_size, options.trajectories);
    for (std::int64_t k = b * block_size; k < last; ++k) {
      const auto id = static_cast<std::uint64_t>(k);
      const auto path = brownian_path(problem, x0, t0, options.seed, 2 * id);
      const auto fine = solve(problem, method, x0, std::span<const double>(fine_grid), path);
      const auto coarse = [&] {
        const std::span<const double> grid(coarse_grid);
        if constexpr (detail::can_be_coarsened(detail::needed<M, P>)) {
          return solve(problem, method, x0, grid, Coarsened(path, 2));
        } else {
          return solve(problem, method, x0, grid, PathId{options.seed, 2 * id + 1});
        }
      }();
      if (!fine.outcome.ok() || !coarse.outcome.ok()) {
        ++result.failures;
        continue;
      }
      const auto at_half = observe(fine.x), at_whole = observe(coarse.x);
      for (std::size_t j = 0; j < observables; ++j) {
        result.fine[j].add(at_half[j]);
        result.coarse[j].add(at_whole[j]);
        result.extrapolated[j].add((factor * at_half[j] - at_whole[j]) / (factor - 1));
      }
    }
  };
  detail::for_each_block(blocks, detail::thread_count(options.threads, blocks), run_block);

  ExtrapolatedMean total = nothing;
  for (const ExtrapolatedMean& block : results) {
    for (std::size_t j = 0; j < observables; ++j) {
      total.extrapolated[j].merge(block.extrapolated[j]);
      total.coarse[j].merge(block.coarse[j]);
      total.fine[j].merge(block.fine[j]);
    }
    total.failures += block.failures;
  }
  return total;
}

/// The same for every component of the state.
template <class P, class M, class X>
ExtrapolatedMean extrapolated_mean(const P& problem,
                                   const M& method,
                                   const X& x0,
                                   double t0,
                                   double t1,
                                   std::int64_t steps,
                                   const ExtrapolationOptions& options = {}) {
  return extrapolated_mean(problem, method, x0, t0, t1, steps, options, [](const X& x) {
    return detail::Components{}(x);
  });
}

}  // namespace stochflow
