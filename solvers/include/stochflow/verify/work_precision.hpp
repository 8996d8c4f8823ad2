#pragma once

// What accuracy costs with adaptive steps: the strong error of a method against the evaluations of
// drift and diffusion that it made, over tolerances. The problems are those of problems.hpp; the
// error is against the exact solution on the same path, the evaluations are counted, rejected steps
// included. With fixed steps, method_errors.hpp knows both.

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/norm_squared.hpp"
#include "stochflow/solve_adaptive.hpp"
#include "stochflow/verify/candidate.hpp"
#include "stochflow/verify/errors_on_paths.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {

struct WorkPrecisionPoint {
  double setting = 0;         // step size, or tolerance
  double evaluations = 0;     // of drift and diffusion, mean over the paths
  double error = 0;           // root mean square of |X - exact| at the end
  double standard_error = 0;  // of the error
  double rejected = 0;        // steps, mean over the paths
  std::int64_t failures = 0;  // paths that did not reach the end; not in the means
};

struct WorkPrecisionOptions {
  std::int64_t paths = 400;
  std::uint64_t seed = 20260101;
  int threads = 0;  // 0: one for each processor
};

namespace detail {

template <class X>
struct AdaptiveEnd {
  X x;
  bool reached;
  std::int64_t evaluations, rejected;
};

/// A method's run on a path at a tolerance, behind a plain function, as in candidate.hpp.
template <class P>
using AdaptiveRunOn = std::function<AdaptiveEnd<StateOf<P>>(const PathId& path, double tolerance)>;

template <class P>
WorkPrecisionPoint work_precision_point(const P& problem,
                                        const AdaptiveRunOn<P>& run_on,
                                        double tolerance,
                                        const WorkPrecisionOptions& options) {
  using X = StateOf<P>;
  using V = NoiseOf<P>;
  using Tree = BrownianTree<V>;
  constexpr std::int64_t batches = 16, cells = 1024;
  constexpr std::int64_t size = Tree::ticks / cells;
  if (options.paths < batches) {
    throw std::invalid_argument(
        "verify::adaptive_work_precision: expected at least 16 paths, found " +
        std::to_string(options.paths));
  }
  const RandomStream extra(options.seed, Purpose::exact_integral);
  struct Sums {
    double square = 0, evaluations = 0, rejected = 0;
    std::int64_t paths = 0, failures = 0;
  };
  std::vector<Sums> sums(batches);
  const auto run_batch = [&](std::int64_t batch) {
    Sums& sum = sums[static_cast<std::size_t>(batch)];
    const std::int64_t last = (batch + 1) * options.paths / batches;
    for (std::int64_t k = batch * options.paths / batches; k < last; ++k) {
      const auto id = static_cast<std::uint64_t>(k);
      const auto run = run_on(PathId{options.seed, id}, tolerance);
      if (!run.reached) {
        ++sum.failures;
        continue;
      }
      Tree tree(options.seed, id, 0, P::t1, noise_like(problem, P::x0(), 0.0));
      std::vector<SpaceTimeIncrement<V>> dW;
      for (std::int64_t n = 0; n < cells; ++n) {
        dW.push_back(tree.between(n * size, (n + 1) * size));
      }
      const X exact = problem.exact(std::span<const SpaceTimeIncrement<V>>(dW),
                                    P::t1 / cells,
                                    [&](std::size_t n) { return normal(extra, id, n); });
      sum.square += stochflow::detail::norm_squared(X(run.x - exact));
      sum.evaluations += static_cast<double>(run.evaluations);
      sum.rejected += static_cast<double>(run.rejected);
      ++sum.paths;
    }
  };
  stochflow::detail::for_each_block(
      batches, stochflow::detail::thread_count(options.threads, batches), run_batch);

  WorkPrecisionPoint point{.setting = tolerance};
  Moments squares;
  double paths = 0;
  for (const Sums& sum : sums) {
    point.failures += sum.failures;
    if (sum.paths == 0) continue;
    squares.add(sum.square / static_cast<double>(sum.paths));
    point.evaluations += sum.evaluations;
    point.rejected += sum.rejected;
    paths += static_cast<double>(sum.paths);
  }
  point.evaluations /= paths;
  point.rejected /= paths;
  point.error = std::sqrt(squares.mean());
  point.standard_error = squares.mean_standard_error() / (2 * point.error);
  return point;
}

}  // namespace detail

/// Adaptive steps with atol = rtol = each of the tolerances. The exact solution is evaluated on
/// 2^10 cells of the very Brownian tree that the run has seen. For problems without Lévy areas.
template <class P, class M>
std::vector<WorkPrecisionPoint> adaptive_work_precision(const P& problem,
                                                        const M& method,
                                                        const std::vector<double>& tolerances,
                                                        const WorkPrecisionOptions& options = {}) {
  static_assert(P::noise != Noise::general,
                "The exact solution under general noise needs Levy areas, which a tree of (W, H) "
                "does not have.");
  const detail::AdaptiveRunOn<P> run_on = [&](const PathId& path, double tolerance) {
    std::int64_t evaluations = 0;
    const Counted<P> counted{problem, &evaluations};
    const PiController controller{.rtol = tolerance, .atol = tolerance};
    const auto run = solve_adaptive(counted, method, P::x0(), 0, P::t1, path, controller);
    return detail::AdaptiveEnd<StateOf<P>>{
        run.x, run.outcome.ok(), evaluations, run.rejected_steps};
  };
  std::vector<WorkPrecisionPoint> points;
  for (const double tolerance : tolerances) {
    points.push_back(detail::work_precision_point(problem, run_on, tolerance, options));
  }
  return points;
}

}  // namespace stochflow::verify
