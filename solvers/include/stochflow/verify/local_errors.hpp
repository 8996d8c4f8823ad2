#pragma once

// Weak errors as sums of local errors, for methods whose steps have finitely many ends.

#include <cstdint>

#include "stochflow/noise/normal.hpp"
#include "stochflow/verify/candidate.hpp"
#include "stochflow/verify/level_errors.hpp"

namespace stochflow::verify::detail {

/// Whether a problem knows E[functional(X_t1) | X_t = x].
template <class P>
inline constexpr bool has_expected = requires(const P& problem) {
  problem.expected(0.0, P::x0());
};

/// E[phi(X_h)] - E[phi(X)] of a method whose steps have finitely many ends: with
/// u(t, x) = E[phi(X_t1) | X_t = x] it is the expectation of the sum over the steps of
/// E[u(t + h, X_{t+h}) | X_t] - u(t, X_t), and each term is known once X_t is. All that is left to
/// sampling is where the local errors are made, so that a few hundred paths do. Differences along a
/// Brownian path keep most of their variance: the variables of such a method do not follow it
/// closely. The expansion is that of Talay and Tubaro 1990.
template <class P, class AfterBatch>
LevelErrors sums_of_local_errors(const P& problem,
                                 const EveryOutcome<P>& outcomes,
                                 Levels levels,
                                 std::int64_t paths,
                                 std::uint64_t seed,
                                 int threads,
                                 const AfterBatch& after_batch) {
  using X = StateOf<P>;
  check(levels, paths);
  const int count = levels.count();
  const RandomStream choices(seed, Purpose::three_point);
  const Eigen::VectorXd h = step_sizes(P::t1, levels);

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
  for_each_batch(paths, threads, [&](std::int64_t batch, std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) {
      for (int l = 0; l < count; ++l) {
        errors(batch, l) += error_along(static_cast<std::uint64_t>(k), l);
      }
    }
    errors.row(batch) /= static_cast<double>(last - first);
    after_batch();
  });
  return level_errors(h, errors);
}

}  // namespace stochflow::verify::detail
