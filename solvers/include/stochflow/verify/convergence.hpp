#pragma once

// Monte-Carlo measurement of strong and weak orders, for people to look at: `measure(problem,
// method, options)`. One set of Brownian paths serves every step size (exact coarsening of the
// finest grid); the weak error is E[phi(X_h) - phi(X)] with the exact X on the same path, which
// removes almost all of its variance. Fixed seeds give the same table on every machine and for any
// number of threads.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/verify/discrete_from_path.hpp"
#include "stochflow/verify/order_fit.hpp"
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
  /// fall faster than their noise: large steps and all paths.
  Levels strong{5, 10};
  Levels weak{1, 6};
  double confidence = 0.95;  // of each interval
  int threads = 0;           // 0: one for each processor
};

struct ConvergenceRow {
  std::string problem, method, calculus, noise;
  double strong_claimed = 0, weak_claimed = 0;  // 0: nothing claimed
  OrderFit strong, weak;
  LevelErrors strong_errors;  // root mean square of |X_h - X|
  LevelErrors weak_errors;    // E[phi(X_h)] - E[phi(X)]

  /// Whether a measured order falls short of its claim. A higher order than claimed is no
  /// contradiction: many methods gain on equations as simple as those with known solutions.
  bool contradicts_claim() const {
    return (strong_claimed > 0 && strong.falls_short_of(strong_claimed)) ||
           (weak_claimed > 0 && weak.falls_short_of(weak_claimed));
  }
};

namespace detail {

/// Increments that live elsewhere: SpaceTimeIncrement or AreaIncrement.
template <class Cell>
struct BorrowedIncrements {
  using value_type = std::decay_t<decltype(Cell::W)>;
  std::span<const Cell> cells;

  const Cell& operator[](const Step& step) const {
    return cells[static_cast<std::size_t>(step.index)];
  }
  Increment<value_type> increment(const Step& step) const { return {(*this)[step].W}; }
  auto space_time_increment(const Step& step) const requires requires(Cell c) { c.H; }
  { return (*this)[step]; }
  auto area_increment(const Step& step) const requires requires(Cell c) { c.A; }
  { return (*this)[step]; }
  auto two_point_increment(const Step& step) const {
    return two_point_from_path((*this)[step].W, step.h);
  }
  auto three_point_increment(const Step& step) const requires requires(Cell c) { c.H; }
  { return three_point_from_path((*this)[step].W, (*this)[step].H, step.h); }
};

/// The fine cells as method M needs them. Areas are those of the exact solution, so that those of
/// coarser steps are too, by Chen's relation.
template <class M, class V, class Normals>
auto cells_for(std::vector<SpaceTimeIncrement<V>> dW, double h, const Normals& normals) {
  if constexpr (M::facts.needs == NoiseInput::WA) {
    std::vector<AreaIncrement<V>> cells;
    for (std::size_t n = 0; n < dW.size(); ++n) {
      cells.push_back(with_area(dW[n], h, n, normals));
    }
    return cells;
  } else {
    return dW;
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

}  // namespace detail

/// Errors at the end time over `paths` paths at each step size.
struct MeasuredErrors {
  LevelErrors strong;  // root mean square of |X_h - X|
  LevelErrors weak;    // E[phi(X_h) - phi(X)]
};

template <class P, class M>
MeasuredErrors measure_errors(const P& problem,
                              const M& method,
                              Levels levels,
                              std::int64_t paths,
                              std::uint64_t seed,
                              int threads) {
  using X = std::decay_t<decltype(P::x0())>;
  constexpr std::int64_t batches = 64;
  if (levels.finest - levels.coarsest < 3 || levels.coarsest < 0 || levels.finest > 20 ||
      paths < batches) {
    throw std::invalid_argument(
        "verify::measure: expected at least 4 levels (finest - coarsest >= 3), finest <= 20 and at "
        "least 64 paths (512 for the strong order, which uses an eighth)");
  }
  const int count = levels.finest - levels.coarsest + 1;
  const std::int64_t fine_steps = std::int64_t{1} << levels.finest;
  const double fine_h = P::t1 / static_cast<double>(fine_steps);
  std::vector<std::vector<double>> grids;
  for (int l = 0; l < count; ++l) {
    grids.push_back(uniform_grid(0, P::t1, std::int64_t{1} << (levels.coarsest + l)));
  }
  const RandomStream extra(seed, Purpose::exact_integral);
  const X x0 = P::x0();

  Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(batches, count);
  Eigen::MatrixXd differences = Eigen::MatrixXd::Zero(batches, count);
  const auto run_batch = [&](std::int64_t batch) {
    const std::int64_t first = batch * paths / batches;
    const std::int64_t last = (batch + 1) * paths / batches;
    for (std::int64_t k = first; k < last; ++k) {
      const auto id = static_cast<std::uint64_t>(k);
      const auto path = brownian_path(problem, x0, 0.0, seed, id);
      using V = typename decltype(path)::value_type;
      std::vector<SpaceTimeIncrement<V>> dW;
      for (std::int64_t n = 0; n < fine_steps; ++n) {
        dW.push_back(path.space_time_increment({n, static_cast<double>(n) * fine_h, fine_h}));
      }
      const auto normals = [&](std::size_t n) { return normal(extra, id, n); };
      const X exact = problem.exact(std::span<const SpaceTimeIncrement<V>>(dW), fine_h, normals);
      auto cells = detail::cells_for<M>(std::move(dW), fine_h, normals);
      using Cell = typename decltype(cells)::value_type;
      const double phi = P::functional(exact);
      for (int l = count - 1; l >= 0; --l) {
        const std::vector<double>& grid = grids[static_cast<std::size_t>(l)];
        // Merge neighbours until one increment is left for each step of this level.
        while (cells.size() > grid.size() - 1) {
          for (std::size_t n = 0; n < cells.size() / 2; ++n) {
            cells[n] = merge(cells[2 * n], 1, cells[2 * n + 1], 1);
          }
          cells.resize(cells.size() / 2);
        }
        const X x = solve(problem, method, x0, grid, detail::BorrowedIncrements<Cell>{cells}).x;
        squares(batch, l) += detail::squared_norm(X(x - exact));
        differences(batch, l) += P::functional(x) - phi;
      }
    }
    squares.row(batch) /= static_cast<double>(last - first);
    differences.row(batch) /= static_cast<double>(last - first);
  };
  stochflow::detail::for_each_block(
      batches, stochflow::detail::thread_count(threads, batches), run_batch);

  Eigen::VectorXd h(count);
  for (int l = 0; l < count; ++l) h[l] = P::t1 * std::ldexp(1.0, -(levels.coarsest + l));
  return {.strong = square_root(level_errors(h, squares)), .weak = level_errors(h, differences)};
}

/// Measures both orders of `method` on a test problem (see problems.hpp).
template <class P, class M>
ConvergenceRow measure(const P& problem, const M& method, const ConvergenceOptions& options = {}) {
  // A weak method has a distance from the path, but no order in it to be measured.
  const std::int64_t strong_paths = M::facts.strong[P::noise] > 0 ? options.paths / 8 : 64;
  ConvergenceRow row{
      .problem = std::string(P::name),
      .method = std::string(M::facts.name),
      .calculus = std::string(name(P::calculus)),
      .noise = std::string(name(P::noise)),
      .strong_claimed = M::facts.strong[P::noise],
      .weak_claimed = M::facts.weak[P::noise],
      .strong = {},
      .weak = {},
      .strong_errors =
          measure_errors(
              problem, method, options.strong, strong_paths, options.seed, options.threads)
              .strong,
      .weak_errors =
          measure_errors(
              problem, method, options.weak, options.paths, options.seed + 1, options.threads)
              .weak};
  if (row.strong_claimed > 0)
    row.strong = fit_order(row.strong_errors, options.confidence, Deviation::half_powers);
  row.weak = fit_order(row.weak_errors, options.confidence);
  return row;
}

}  // namespace stochflow::verify
