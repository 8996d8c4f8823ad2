#pragma once

// Annealed Langevin dynamics: ULA on a ladder of densities, from one so blurred that chains cross
// between all modes down to one that is nearly the target. Where ULA and MALA get stuck in the mode
// they start from, this also finds the weights of the modes. It needs the score of the blurred
// density, grad log (p * N(0, sigma^2)), for every sigma of the ladder: known for mixtures, learned
// for data. At each level, for `steps` steps,
//
//   x' = x + a/2 score(x, sigma_i) + sqrt(a) n,   a = epsilon sigma_i^2 / sigma_L^2
//
// Source: Song and Ermon, NeurIPS 2019, algorithm 1.

#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/noise/ahead.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

/// `levels` noise levels from `first` down to `last`, each the same multiple of the one before.
inline std::vector<double> geometric_ladder(double first, double last, int levels) {
  if (levels < 2 || !(first > last) || !(last > 0) || !std::isfinite(first)) {
    std::ostringstream text;
    text << "geometric_ladder: expected at least 2 levels from first down to last > 0, found "
         << levels << " levels, first = " << first << ", last = " << last;
    throw std::invalid_argument(text.str());
  }
  std::vector<double> sigmas;
  for (int i = 0; i < levels; ++i) {
    sigmas.push_back(first * std::pow(last / first, static_cast<double>(i) / (levels - 1)));
  }
  sigmas.back() = last;
  return sigmas;
}

struct AnnealedOptions {
  std::vector<double> sigmas;  // the ladder, decreasing
  std::int64_t steps = 100;    // at each level
  double epsilon = 0.02;       // step at the last level; stable for epsilon < 4 sigma_L^2
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one for each processor
};

template <class X>
struct AnnealedSample {
  X x;
  Outcome outcome;
};

/// One sample from each start, which should be spread like N(0, sigma_1^2). Sample k is a function
/// of (seed, k) and of its start.
template <class Score, class X>
std::vector<AnnealedSample<X>> annealed_langevin(const Score& score,
                                                 const std::vector<X>& starts,
                                                 const AnnealedOptions& options) {
  const std::vector<double>& sigmas = options.sigmas;
  bool decreasing = !sigmas.empty() && sigmas.back() > 0 && std::isfinite(sigmas.front());
  for (std::size_t i = 1; i < sigmas.size(); ++i) {
    decreasing = decreasing && sigmas[i] < sigmas[i - 1];
  }
  if (!decreasing || options.steps < 1 || !(options.epsilon > 0)) {
    std::ostringstream text;
    text << "annealed_langevin: expected positive noise levels that decrease (see "
         << "geometric_ladder), steps >= 1 and epsilon > 0, found " << sigmas.size()
         << " levels, steps = " << options.steps << ", epsilon = " << options.epsilon;
    throw std::invalid_argument(text.str());
  }
  std::vector<AnnealedSample<X>> samples(starts.size());
  const auto run = [&](std::int64_t k) {
    const auto id = static_cast<std::uint64_t>(k);
    AnnealedSample<X>& sample = samples[id];
    X x = starts[id];
    const auto path = detail::increments_in_order(options.seed, id, x);
    std::int64_t n = 0;
    double t = 0;
    sample.outcome.status = Status::ok;
    for (const double sigma : sigmas) {
      const double ratio = sigma / sigmas.back(), a = options.epsilon * ratio * ratio;
      for (std::int64_t i = 0; i < options.steps && sample.outcome.ok(); ++i) {
        const X noise = path.increment({.index = n, .t = 0, .h = 1}).W;
        X next = X(x + 0.5 * a * X(score(x, sigma)) + std::sqrt(a) * noise);
        if (!StateTraits<X>::all_finite(next)) {
          sample.outcome.status = Status::not_finite;
          break;
        }
        x = next;
        t += 0.5 * a;
        ++n;
      }
    }
    sample.x = x;
    sample.outcome.t = t;
    sample.outcome.step = n;
  };
  const auto count = static_cast<std::int64_t>(starts.size());
  if (count > 0) {
    detail::for_each_block(count, detail::thread_count(options.threads, count), run);
  }
  return samples;
}

}  // namespace stochflow
