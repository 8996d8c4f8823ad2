#pragma once

// The strong and weak errors of methods at several step sizes: `measure_errors(problem,
// candidates)`. One set of Brownian paths serves every step size (exact coarsening of the finest
// grid) and every method; the weak error is E[phi(X_h) - phi(X)] with the exact X on the same path,
// which removes almost all of its variance, or the sum of local errors where the method's own
// random variables are not those of a path. Fixed seeds give the same errors on every machine, for
// any number of threads and in any company.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/verify/candidate.hpp"
#include "stochflow/verify/level_errors.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {

/// Step sizes t1 2^-coarsest ... t1 2^-finest.
struct Levels {
  int coarsest;
  int finest;
};

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

namespace detail {

/// The cells with the Lévy areas of the exact solution, so that those of coarser steps are its too,
/// by Chen's relation.
template <class V, class Normals>
std::vector<AreaIncrement<V>> with_areas(const std::vector<SpaceTimeIncrement<V>>& dW,
                                         double h,
                                         const Normals& normals) {
  std::vector<AreaIncrement<V>> cells;
  for (std::size_t n = 0; n < dW.size(); ++n) cells.push_back(with_area(dW[n], h, n, normals));
  return cells;
}

/// Merges neighbours until `count` are left, a power of two below cells.size().
template <class Cell>
void coarsen(std::vector<Cell>& cells, std::size_t count) {
  while (cells.size() > count) {
    for (std::size_t n = 0; n < cells.size() / 2; ++n) {
      cells[n] = merge(cells[2 * n], 1, cells[2 * n + 1], 1);
    }
    cells.resize(cells.size() / 2);
  }
}

template <class X>
double squared_norm(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return x * x;
  } else {
    return x.square().sum();
  }
}

/// Of one method, over all paths, at each step size.
struct ErrorsOnPaths {
  LevelErrors strong, weak;
  std::vector<double> evaluations;
};

/// Sums of one method, a row for each batch of paths and a column for each step size.
struct BatchSums {
  Eigen::MatrixXd squares, differences, evaluations;

  BatchSums(Eigen::Index batches, Eigen::Index levels)
      : squares(Eigen::MatrixXd::Zero(batches, levels)),
        differences(squares),
        evaluations(squares) {}
};

inline constexpr std::int64_t batches = 64;

inline void check(Levels levels, std::int64_t paths) {
  if (levels.finest - levels.coarsest >= 3 && levels.coarsest >= 0 && levels.finest <= 20 &&
      paths >= batches) {
    return;
  }
  throw std::invalid_argument(
      "verify::measure_errors: expected at least 4 levels (finest - coarsest >= 3), finest <= 20 "
      "and at least 64 paths (512 for the strong order, which uses an eighth), found levels " +
      std::to_string(levels.coarsest) + " to " + std::to_string(levels.finest) + " and " +
      std::to_string(paths) + " paths");
}

/// The errors of each method. `after_batch()` is called by whichever thread has finished one.
template <class P, class AfterBatch>
std::vector<ErrorsOnPaths> errors_on_paths(const P& problem,
                                           const std::vector<const Candidate<P>*>& methods,
                                           Levels levels,
                                           std::int64_t paths,
                                           std::uint64_t seed,
                                           int threads,
                                           const AfterBatch& after_batch) {
  using X = StateOf<P>;
  using V = NoiseOf<P>;
  if (methods.empty()) return {};
  check(levels, paths);
  const int count = levels.finest - levels.coarsest + 1;
  const std::int64_t fine_steps = std::int64_t{1} << levels.finest;
  const double fine_h = P::t1 / static_cast<double>(fine_steps);
  std::vector<std::vector<double>> grids;
  for (int l = 0; l < count; ++l) {
    grids.push_back(uniform_grid(0, P::t1, std::int64_t{1} << (levels.coarsest + l)));
  }
  const RandomStream extra(seed, Purpose::exact_integral);
  const X x0 = P::x0();
  const bool areas = std::any_of(
      methods.begin(), methods.end(), [](const auto* method) { return bool(method->on_areas); });

  std::vector<BatchSums> sums(methods.size(), BatchSums(batches, count));
  const auto run_path = [&](std::int64_t batch, std::uint64_t id) {
    const auto path = brownian_path(problem, x0, 0.0, seed, id);
    std::vector<SpaceTimeIncrement<V>> dW;
    for (std::int64_t n = 0; n < fine_steps; ++n) {
      dW.push_back(path.space_time_increment({n, static_cast<double>(n) * fine_h, fine_h}));
    }
    const auto normals = [&](std::size_t n) { return normal(extra, id, n); };
    const X exact = problem.exact(std::span<const SpaceTimeIncrement<V>>(dW), fine_h, normals);
    const double phi = P::functional(exact);
    std::vector<AreaIncrement<V>> dA;
    if (areas) dA = with_areas(dW, fine_h, normals);
    for (int l = count - 1; l >= 0; --l) {
      const std::vector<double>& grid = grids[static_cast<std::size_t>(l)];
      coarsen(dW, grid.size() - 1);
      coarsen(dA, grid.size() - 1);
      for (std::size_t m = 0; m < methods.size(); ++m) {
        const auto [x, evaluations] =
            methods[m]->on_areas ? methods[m]->on_areas(grid, dA) : methods[m]->on_times(grid, dW);
        sums[m].squares(batch, l) += squared_norm(X(x - exact));
        sums[m].differences(batch, l) += P::functional(x) - phi;
        sums[m].evaluations(batch, l) += static_cast<double>(evaluations);
      }
    }
  };
  const auto run_batch = [&](std::int64_t batch) {
    const std::int64_t first = batch * paths / batches;
    const std::int64_t last = (batch + 1) * paths / batches;
    for (std::int64_t k = first; k < last; ++k) run_path(batch, static_cast<std::uint64_t>(k));
    for (BatchSums& sum : sums) {
      sum.squares.row(batch) /= static_cast<double>(last - first);
      sum.differences.row(batch) /= static_cast<double>(last - first);
    }
    after_batch();
  };
  stochflow::detail::for_each_block(
      batches, stochflow::detail::thread_count(threads, batches), run_batch);

  Eigen::VectorXd h(count);
  for (int l = 0; l < count; ++l) h[l] = P::t1 * std::ldexp(1.0, -(levels.coarsest + l));
  std::vector<ErrorsOnPaths> errors;
  for (const BatchSums& sum : sums) {
    const Eigen::VectorXd evaluations =
        sum.evaluations.colwise().sum() / static_cast<double>(paths);
    errors.push_back({.strong = square_root(level_errors(h, sum.squares)),
                      .weak = level_errors(h, sum.differences),
                      .evaluations = {evaluations.begin(), evaluations.end()}});
  }
  return errors;
}

/// E[phi(X_h)] - E[phi(X)] of a method whose steps have finitely many ends: with
/// u(t, x) = E[phi(X_t1) | X_t = x] it is the expectation of the sum over the steps of
/// E[u(t + h, X_{t+h}) | X_t] - u(t, X_t), and each term is known once X_t is. All that is left to
/// sampling is where the local errors are made, so that a few hundred paths do. Differences along a
/// Brownian path keep most of their variance: the variables of such a method do not follow it
/// closely. The expansion is that of Talay and Tubaro 1990.
template <class P, class AfterBatch>
LevelErrors weak_errors_by_outcomes(const P& problem,
                                    const EveryOutcome<P>& outcomes,
                                    Levels levels,
                                    std::int64_t paths,
                                    std::uint64_t seed,
                                    int threads,
                                    const AfterBatch& after_batch) {
  using X = StateOf<P>;
  check(levels, paths);
  const int count = levels.finest - levels.coarsest + 1;
  const RandomStream choices(seed, Purpose::three_point);
  Eigen::VectorXd h(count);
  for (int l = 0; l < count; ++l) h[l] = P::t1 * std::ldexp(1.0, -(levels.coarsest + l));

  Eigen::MatrixXd errors = Eigen::MatrixXd::Zero(batches, count);
  const auto error_along = [&](std::uint64_t id, int l) {
    const std::int64_t steps = std::int64_t{1} << (levels.coarsest + l);
    X x = P::x0();
    double error = 0;
    for (std::int64_t n = 0; n < steps; ++n) {
      const double t = static_cast<double>(n) * h[l];
      const double next = n + 1 == steps ? P::t1 : t + h[l];
      const auto index = static_cast<std::uint64_t>(steps + n);  // no two levels share a draw
      const double choice = uniform_half_open(choices.words(id, index, 0)[0]);
      double below = 0;
      X chosen = x;
      error -= problem.expected(t, x);
      outcomes(x, t, h[l], [&](double probability, const X& end) {
        error += probability * problem.expected(next, end);
        if (below <= choice) chosen = end;
        below += probability;
      });
      x = chosen;
    }
    return error;
  };
  const auto run_batch = [&](std::int64_t batch) {
    const std::int64_t first = batch * paths / batches, last = (batch + 1) * paths / batches;
    for (std::int64_t k = first; k < last; ++k) {
      for (int l = 0; l < count; ++l) {
        errors(batch, l) += error_along(static_cast<std::uint64_t>(k), l);
      }
    }
    errors.row(batch) /= static_cast<double>(last - first);
    after_batch();
  };
  stochflow::detail::for_each_block(
      batches, stochflow::detail::thread_count(threads, batches), run_batch);
  return level_errors(h, errors);
}

/// Whether the problem knows its expectations.
template <class P>
inline constexpr bool has_expected = requires(const P& problem) {
  problem.expected(0.0, P::x0());
};

}  // namespace detail

/// The errors of each method on a test problem (see problems.hpp), in the order of `methods`. The
/// paths and their exact solutions, most of the work, are made once for all.
template <class P>
std::vector<MethodErrors> measure_errors(const P& problem,
                                         const std::vector<Candidate<P>>& methods,
                                         const ConvergenceOptions& options = {}) {
  // A weak method has a distance from the path, but no order in it to be measured.
  std::vector<const Candidate<P>*> following, weak_only, by_path, by_outcomes;
  for (const Candidate<P>& method : methods) {
    (method.strong_claimed > 0 ? following : weak_only).push_back(&method);
    (detail::has_expected<P> && method.outcomes ? by_outcomes : by_path).push_back(&method);
  }
  std::mutex mutex;
  std::int64_t done = 0;
  const std::size_t parts =
      std::size_t{!following.empty()} + !weak_only.empty() + !by_path.empty() + by_outcomes.size();
  const auto after_batch = [&] {
    const std::lock_guard lock(mutex);
    if (options.progress) {
      options.progress(++done, static_cast<std::int64_t>(parts) * detail::batches);
    }
  };
  const auto errors = [&](const std::vector<const Candidate<P>*>& some,
                          Levels levels,
                          std::int64_t paths,
                          std::uint64_t seed) {
    return detail::errors_on_paths(
        problem, some, levels, paths, seed, options.threads, after_batch);
  };
  const auto strong = errors(following, options.strong, options.paths / 8, options.seed);
  const auto distant = errors(weak_only, options.strong, detail::batches, options.seed);
  const auto weak = errors(by_path, options.weak, options.paths, options.seed + 1);
  std::vector<LevelErrors> weak_of_outcomes;
  if constexpr (detail::has_expected<P>) {
    for (const Candidate<P>* method : by_outcomes) {
      weak_of_outcomes.push_back(
          detail::weak_errors_by_outcomes(problem,
                                          method->outcomes,
                                          options.weak,
                                          std::max(options.paths / 32, detail::batches),
                                          options.seed + 1,
                                          options.threads,
                                          after_batch));
    }
  }

  std::vector<MethodErrors> result;
  auto next_strong = strong.begin(), next_distant = distant.begin(), next_weak = weak.begin();
  auto next_of_outcomes = weak_of_outcomes.begin();
  for (const Candidate<P>& method : methods) {
    const auto& on_path = method.strong_claimed > 0 ? *next_strong++ : *next_distant++;
    const bool outcomes = detail::has_expected<P> && method.outcomes;
    result.push_back({.problem = std::string(P::name),
                      .method = method.method,
                      .calculus = std::string(name(P::calculus)),
                      .noise = std::string(name(P::noise)),
                      .strong_claimed = method.strong_claimed,
                      .weak_claimed = method.weak_claimed,
                      .strong_errors = on_path.strong,
                      .weak_errors = outcomes ? *next_of_outcomes++ : (next_weak++)->weak,
                      .strong_evaluations = on_path.evaluations});
  }
  return result;
}

}  // namespace stochflow::verify
