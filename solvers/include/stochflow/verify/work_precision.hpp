#pragma once

// What accuracy costs: the strong error of a method against the evaluations of drift and diffusion
// that it made, over step sizes for fixed steps and over tolerances for adaptive ones. The problems
// are those of problems.hpp; the error is against the exact solution on the same path, the
// evaluations are counted, rejected steps included.

#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/solve_adaptive.hpp"
#include "stochflow/verify/convergence.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify {

/// A problem that counts its evaluations in `count`, which must outlive it. One thread's.
template <class P>
struct Counted {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;
  P problem;
  std::int64_t* count;

  template <class X>
  auto drift(const X& x, double t) const {
    ++*count;
    return problem.drift(x, t);
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    ++*count;
    return problem.diffusion(x, t);
  }
};

/// Evaluations of drift and diffusion that a step of fixed size makes, mean over the steps of a run
/// to P::t1 (implicit methods iterate as often as they have to).
template <class P, class M>
double evaluations_per_step(const P& problem, const M& method, std::int64_t steps = 64) {
  std::int64_t count = 0;
  const Counted<P> counted{problem, &count};
  const auto x0 = P::x0();
  const auto path = brownian_path(problem, x0, 0.0, /*seed=*/1, /*trajectory=*/0);
  using V = typename decltype(path)::value_type;
  const double h = P::t1 / static_cast<double>(steps);
  std::vector<SpaceTimeIncrement<V>> dW;
  for (std::int64_t n = 0; n < steps; ++n) {
    dW.push_back(path.space_time_increment({n, static_cast<double>(n) * h, h}));
  }
  const RandomStream stream(1, Purpose::exact_integral);
  const auto cells =
      detail::cells_for<M>(std::move(dW), h, [&](std::size_t n) { return normal(stream, 0, n); });
  using Cell = typename std::decay_t<decltype(cells)>::value_type;
  solve(
      counted, method, x0, uniform_grid(0, P::t1, steps), detail::BorrowedIncrements<Cell>{cells});
  return static_cast<double>(count) / static_cast<double>(steps);
}

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
  using X = std::decay_t<decltype(P::x0())>;
  constexpr std::int64_t batches = 16, cells = 1024;
  if (options.paths < batches) {
    throw std::invalid_argument(
        "verify::adaptive_work_precision: expected at least 16 paths, found " +
        std::to_string(options.paths));
  }
  const X x0 = P::x0();
  using V = decltype(noise_like(problem, x0, 0.0));
  using Tree = BrownianTree<V>;
  const RandomStream extra(options.seed, Purpose::exact_integral);
  struct Sums {
    double square = 0, evaluations = 0, rejected = 0;
    std::int64_t paths = 0, failures = 0;
  };

  std::vector<WorkPrecisionPoint> points;
  for (const double tolerance : tolerances) {
    std::vector<Sums> sums(batches);
    const auto run_batch = [&](std::int64_t batch) {
      Sums& sum = sums[static_cast<std::size_t>(batch)];
      const std::int64_t last = (batch + 1) * options.paths / batches;
      for (std::int64_t k = batch * options.paths / batches; k < last; ++k) {
        const auto id = static_cast<std::uint64_t>(k);
        std::int64_t count = 0;
        const Counted<P> counted{problem, &count};
        const auto run = solve_adaptive(counted,
                                        method,
                                        x0,
                                        0,
                                        P::t1,
                                        PathId{options.seed, id},
                                        PiController{.rtol = tolerance, .atol = tolerance});
        if (!run.outcome.ok()) {
          ++sum.failures;
          continue;
        }
        Tree tree(options.seed, id, 0, P::t1, noise_like(problem, x0, 0.0));
        constexpr std::int64_t size = Tree::ticks / cells;
        std::vector<SpaceTimeIncrement<V>> dW;
        for (std::int64_t n = 0; n < cells; ++n) {
          dW.push_back(tree.between(n * size, (n + 1) * size));
        }
        const X exact = problem.exact(std::span<const SpaceTimeIncrement<V>>(dW),
                                      P::t1 / cells,
                                      [&](std::size_t n) { return normal(extra, id, n); });
        sum.square += detail::squared_norm(X(run.x - exact));
        sum.evaluations += static_cast<double>(count);
        sum.rejected += static_cast<double>(run.rejected_steps);
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
    points.push_back(point);
  }
  return points;
}

}  // namespace stochflow::verify
