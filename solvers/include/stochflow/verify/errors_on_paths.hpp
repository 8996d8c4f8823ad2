#pragma once

// Strong and weak errors of several methods against the exact solution on the same Brownian paths.

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "stochflow/norm_squared.hpp"
#include "stochflow/solve.hpp"
#include "stochflow/verify/candidate.hpp"
#include "stochflow/verify/level_errors.hpp"
#include "stochflow/verify/problems.hpp"

namespace stochflow::verify::detail {

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
  const int count = levels.count();
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
        sums[m].squares(batch, l) += stochflow::detail::norm_squared(X(x - exact));
        sums[m].differences(batch, l) += P::functional(x) - phi;
        sums[m].evaluations(batch, l) += static_cast<double>(evaluations);
      }
    }
  };
  for_each_batch(paths, threads, [&](std::int64_t batch, std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) run_path(batch, static_cast<std::uint64_t>(k));
    for (BatchSums& sum : sums) {
      sum.squares.row(batch) /= static_cast<double>(last - first);
      sum.differences.row(batch) /= static_cast<double>(last - first);
    }
    after_batch();
  });

  const Eigen::VectorXd h = step_sizes(P::t1, levels);
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

}  // namespace stochflow::verify::detail
