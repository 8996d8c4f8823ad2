#pragma once

// When a Brownian motion that is at distance d0 > 0 from a level at the start of an interval, and
// at distance d1 > 0 at its end, on the same side or on the other one, reaches that level.
// `variance` is sigma^2 h, the variance of the motion over the interval.
//
//   P(it does | same side) = exp(-2 d0 d1 / variance)
//   time / h = s / (1 + s),   s ~ inverse Gaussian(mean d0/d1, shape d0^2 / variance)
//
// The second holds for both sides, given that the level is reached: under s = t / (h - t) the
// bridge turns into a Brownian motion with drift, and for the same side the reflection principle
// gives the other one. Without noise the time is where the straight line crosses.
// Sources: Borodin and Salminen 2002, part II, section 1; Metwally and Atiya 2002 (the change of
// time); Michael, Schucany and Haas 1976 (sampling).

#include <cmath>

#include "stochflow/noise/normal.hpp"

namespace stochflow {

/// Whether the level is reached between two points on the same side, from a uniform on (0, 1).
inline bool bridge_hits(double d0, double d1, double variance, double uniform) {
  return 2 * d0 * d1 < -variance * detail::log_of_uniform(uniform);
}

/// The time at which it is first reached, as a part of the interval, from a standard normal and a
/// uniform on (0, 1).
inline double hitting_fraction(
    double d0, double d1, double variance, double normal, double uniform) {
  // The inverse Gaussian takes one of two values, mean q and mean / q with q = d1 / D < 1, that
  // give the same chi-square; multiplied out so that d1 may be 0.
  const double a = normal * normal * variance / (2 * d0);
  const double D = d1 + a + std::sqrt(a * (2 * d1 + a));
  if (uniform * (D + d1) <= D) return d0 / (D + d0);
  return d0 / (d1 * (d1 / D) + d0);
}

}  // namespace stochflow
