#pragma once

// The question: how long does it take to price a call on Heston's model to a stated
// root-mean-square error, time steps and sampling together? Spot and strike 1, one year,
// r = 0.03, kappa = 2, theta = v_0 = 0.04, xi = 0.3, rho = -0.7; the price is known to nine digits.
//
// All that sample by Euler's scheme with full truncation take the same steps, and those that draw
// at random the same number of paths: as many as make the squared error of the steps a third of
// the squared target, the best split. What each really achieves is measured over independent
// seeds, so a competitor with too few paths would show.

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace time_to_accuracy {

inline constexpr double r = 0.03, kappa = 2, v_mean = 0.04, xi = 0.3, rho = -0.7;

/// Of Euler's scheme: its error is 0.0082 steps^-1.7 from 2 to 45 steps, measured by
/// quasi-Monte Carlo with 2^20 points.
inline std::int64_t steps_for(double rmse) {
  return std::max<std::int64_t>(
      4, static_cast<std::int64_t>(std::ceil(std::pow(0.0082 / (rmse / std::sqrt(3.0)), 1 / 1.7))));
}
/// The variance of the discounted payoff is 0.0138.
inline std::int64_t paths_for(double rmse) {
  return static_cast<std::int64_t>(std::ceil(0.0138 / (rmse * rmse * 2 / 3)));
}

/// That of the average of an antithetic pair, 0.0034.
inline std::int64_t pairs_for(double rmse) { return paths_for(rmse) * 34 / 138; }

/// A price, and how many time steps were taken for it.
struct Answer {
  double price;
  double steps;
};
/// Not a number: the competitor is not installed.
using Competitor = Answer (*)(double rmse, std::uint64_t seed);

double exact_price();

Answer plain_lanes(double rmse, std::uint64_t seed);
Answer antithetic_pairs(double rmse, std::uint64_t seed);
Answer levels_euler(double rmse, std::uint64_t seed);
Answer levels_antithetic_milstein(double rmse, std::uint64_t seed);
Answer quasi(double rmse, std::uint64_t seed);
Answer odeint_std(double rmse, std::uint64_t seed);
Answer odeint_ziggurat(double rmse, std::uint64_t seed);
Answer gsl(double rmse, std::uint64_t seed);
Answer quantlib(double rmse, std::uint64_t seed);
Answer quantlib_antithetic(double rmse, std::uint64_t seed);
Answer quantlib_quadratic_exponential(double rmse, std::uint64_t seed);

}  // namespace time_to_accuracy
