#pragma once

// Control variates: quantities of a trajectory whose expectations are known, subtracted from the
// wanted one in the proportion that leaves the least variance,
//
//   Y - sum_j b_j (C_j - E[C_j]),   b = Cov(C)^-1 Cov(C, Y).
//
// The coefficients come from a pilot of trajectories of its own, so the estimate has no bias
// (coefficients from the same trajectories would bring one of order 1/n). The expectation must be
// that of the *discretised* quantity, or the control must be exact at the grid points; a
// martingale under the scheme (a discounted price under Euler-Maruyama) is. A good control is worth
// 1/(1 - R^2) times as many trajectories: the result says what it was worth.
// Source: Glasserman, "Monte Carlo Methods in Financial Engineering", 2004, section 4.1.

#include <Eigen/Dense>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/ensemble/summarise.hpp"

namespace stochflow {

struct ControlledMean {
  double mean = 0;
  double standard_error = 0;
  std::vector<double> coefficients;  // [controls]
  double plain_variance = 0;         // of Y, from the pilot
  double variance = 0;               // of Y less its controls
  std::int64_t trajectories = 0;     // without the pilot
  std::int64_t failures = 0;         // trajectories left out, those of the pilot too
};

namespace detail {

/// The pilot's trajectories are those from 2^62 on.
inline constexpr std::uint64_t pilot_trajectories = std::uint64_t{1} << 62;

/// b = Cov(C)^-1 Cov(C, Y), Y quantity 0. Controls that add nothing get the least coefficients.
inline std::vector<double> control_coefficients(const Covariance& pilot) {
  const auto controls = static_cast<Eigen::Index>(pilot.size()) - 1;
  Eigen::MatrixXd between(controls, controls);
  Eigen::VectorXd with(controls);
  const auto at = [](Eigen::Index j) { return static_cast<std::size_t>(j) + 1; };
  for (Eigen::Index j = 0; j < controls; ++j) {
    with[j] = pilot.covariance(at(j), 0);
    for (Eigen::Index k = 0; k < controls; ++k) between(j, k) = pilot.covariance(at(j), at(k));
  }
  const Eigen::VectorXd b = between.completeOrthogonalDecomposition().solve(with);
  return {b.data(), b.data() + controls};
}

/// run(empty, first trajectory, options, observe) -> Summary.
template <class X, class Observe, class Run>
ControlledMean controlled(const X& x0,
                          const EnsembleOptions& options,
                          std::int64_t pilot,
                          const Observe& observe,
                          const std::vector<double>& known,
                          const Run& run) {
  const std::size_t found = observe(x0).size();
  if (found != known.size() + 1 || known.empty() || pilot < 2) {
    throw std::invalid_argument(
        "controlled_mean: expected observe(x) to return the wanted quantity and then as many "
        "controls as there are known expectations, at least one, and a pilot of 2 or more; found " +
        std::to_string(found) + " quantities, " + std::to_string(known.size()) +
        " expectations and a pilot of " + std::to_string(pilot));
  }
  EnsembleOptions part{.trajectories = pilot, .seed = options.seed, .threads = options.threads};
  const auto before = run(Covariance{}, pilot_trajectories, part, observe);
  ControlledMean result;
  result.coefficients = control_coefficients(before.at[0]);
  result.plain_variance = before.at[0].variance(0);
  const auto controlled_quantity = [&](const X& x) {
    const std::vector<double> seen = observe(x);
    double value = seen[0];
    for (std::size_t j = 0; j < known.size(); ++j) {
      value -= result.coefficients[j] * (seen[j + 1] - known[j]);
    }
    return std::vector{value};
  };
  part.trajectories = options.trajectories;
  const auto main = run(Each{Moments{}}, std::uint64_t{0}, part, controlled_quantity);
  if (main.at[0].size() == 0) {
    throw std::invalid_argument("controlled_mean: no trajectory stayed finite; take smaller steps");
  }
  const Moments& moments = main.at[0][0];
  result.mean = moments.mean();
  result.variance = moments.variance();
  result.standard_error = moments.mean_standard_error();
  result.trajectories = main.trajectories;
  result.failures = before.failures + main.failures;
  return result;
}

}  // namespace detail

/// E[Y] at the end of the grid. observe(x) -> {Y, C_1, C_2, ...}, `known` the expectations of the
/// controls C. Trajectories as in `simulate`; save_at and keep_values are not looked at.
template <class P, class M, class X, class Observe>
ControlledMean controlled_mean(const P& problem,
                               const M& method,
                               const X& x0,
                               std::span<const double> grid,
                               const EnsembleOptions& options,
                               const Observe& observe,
                               const std::vector<double>& known,
                               std::int64_t pilot = 4096) {
  const auto run =
      [&](const auto& empty, std::uint64_t first, const EnsembleOptions& part, const auto& seen) {
        return detail::summarise_from(first, empty, problem, method, x0, grid, part, seen);
      };
  return detail::controlled(x0, options, pilot, observe, known, run);
}

/// The same in SIMD lanes: see `simulate_lanes` for what the problem must be like.
template <class P, class M, class X, class Observe>
ControlledMean controlled_mean_lanes(const P& problem,
                                     const M& method,
                                     const X& x0,
                                     std::span<const double> grid,
                                     const EnsembleOptions& options,
                                     const Observe& observe,
                                     const std::vector<double>& known,
                                     std::int64_t pilot = 4096) {
  const auto run =
      [&](const auto& empty, std::uint64_t first, const EnsembleOptions& part, const auto& seen) {
        return detail::summarise_lanes_from(first, empty, problem, method, x0, grid, part, seen);
      };
  return detail::controlled(x0, options, pilot, observe, known, run);
}

}  // namespace stochflow
