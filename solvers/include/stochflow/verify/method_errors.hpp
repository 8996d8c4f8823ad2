#pragma once

// The strong and weak errors of methods at several step sizes: `measure_errors(problem,
// candidates)`. One set of Brownian paths serves every step size (exact coarsening of the finest
// grid) and every method; the weak error is E[phi(X_h) - phi(X)] with the exact X on the same path,
// which removes almost all of its variance (errors_on_paths.hpp), or the sum of local errors where
// the method's own random variables are not those of a path (local_errors.hpp). Fixed seeds give
// the same errors on every machine, for any number of threads and in any company.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "stochflow/verify/candidate.hpp"
#include "stochflow/verify/errors_on_paths.hpp"
#include "stochflow/verify/level_errors.hpp"
#include "stochflow/verify/local_errors.hpp"

namespace stochflow::verify {

struct ConvergenceOptions {
  std::int64_t paths = 131072;
  std::uint64_t seed = 20260101;
  /// Strong errors have little sampling noise: small steps and an eighth of the paths. Weak errors
  /// fall faster than their noise: large steps and all paths, or a thirty-second of them where
  /// local errors are summed.
  Levels strong{5, 10};
  Levels weak{1, 6};
  double confidence = 0.95;  // of each order's interval (convergence.hpp)
  int threads = 0;           // 0: one for each processor
  /// Called after each part of the work, by one thread at a time.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

struct MethodErrors {
  std::string problem, method, calculus, noise;
  double strong_claimed = 0, weak_claimed = 0;  // 0: nothing claimed
  LevelErrors strong_errors;                    // root mean square of |X_h - X|
  LevelErrors weak_errors;                      // E[phi(X_h)] - E[phi(X)]
  /// Evaluations of drift and diffusion at each step size of strong_errors, mean over its paths.
  std::vector<double> strong_evaluations;
};

/// The errors of each method on a test problem (see problems.hpp), in the order of `methods`. The
/// paths and their exact solutions, most of the work, are made once for all.
template <class P>
std::vector<MethodErrors> measure_errors(const P& problem,
                                         const std::vector<Candidate<P>>& methods,
                                         const ConvergenceOptions& options = {}) {
  std::vector<MethodErrors> result;
  std::vector<std::size_t> following, weak_only, by_path, by_local_errors;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    const Candidate<P>& method = methods[m];
    result.push_back({.problem = std::string(P::name),
                      .method = method.method,
                      .calculus = std::string(name(P::calculus)),
                      .noise = std::string(name(P::noise)),
                      .strong_claimed = method.strong_claimed,
                      .weak_claimed = method.weak_claimed,
                      .strong_errors = {},
                      .weak_errors = {},
                      .strong_evaluations = {}});
    (method.strong_claimed > 0 ? following : weak_only).push_back(m);
    (detail::has_expected<P> && method.outcomes ? by_local_errors : by_path).push_back(m);
  }

  std::mutex mutex;
  std::int64_t done = 0, total = static_cast<std::int64_t>(by_local_errors.size());
  for (const auto* some : {&following, &weak_only, &by_path}) total += !some->empty();
  const auto after_batch = [&] {
    const std::lock_guard lock(mutex);
    if (options.progress) options.progress(++done, total * detail::batches);
  };

  const auto on_paths = [&](const std::vector<std::size_t>& some,
                            Levels levels,
                            std::int64_t paths,
                            std::uint64_t seed,
                            const auto& keep) {
    std::vector<const Candidate<P>*> chosen;
    for (const std::size_t m : some) chosen.push_back(&methods[m]);
    const auto found =
        detail::errors_on_paths(problem, chosen, levels, paths, seed, options.threads, after_batch);
    for (std::size_t i = 0; i < some.size(); ++i) keep(result[some[i]], found[i]);
  };
  const auto keep_strong = [](MethodErrors& errors, const detail::ErrorsOnPaths& found) {
    errors.strong_errors = found.strong;
    errors.strong_evaluations = found.evaluations;
  };
  on_paths(following, options.strong, options.paths / 8, options.seed, keep_strong);
  // A weak method has a distance from the path, but no order in it to be measured.
  on_paths(weak_only, options.strong, detail::batches, options.seed, keep_strong);
  on_paths(by_path,
           options.weak,
           options.paths,
           options.seed + 1,
           [](MethodErrors& errors, const auto& found) { errors.weak_errors = found.weak; });
  if constexpr (detail::has_expected<P>) {
    const std::int64_t paths = std::max(options.paths / 32, detail::batches);
    for (const std::size_t m : by_local_errors) {
      result[m].weak_errors = detail::sums_of_local_errors(problem,
                                                           methods[m].outcomes,
                                                           options.weak,
                                                           paths,
                                                           options.seed + 1,
                                                           options.threads,
                                                           after_batch);
    }
  }
  return result;
}

}  // namespace stochflow::verify
