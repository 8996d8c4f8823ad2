#pragma once

// Splitting an increment: the law of (W, H) on two adjacent pieces given (W, H) on the whole.

#include <cmath>
#include <utility>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

/// (W, H) over the first l and the last r of an interval of length l + r, from two independent
/// standard normals X1, X2 for each component; merge() gives `whole` back.
/// Source: Kidger, Foster, Li and Lyons, arXiv 2105.13493 (the Brownian interval).
template <class V>
std::pair<SpaceTimeIncrement<V>, SpaceTimeIncrement<V>> split(
    const SpaceTimeIncrement<V>& whole, double l, double r, const V& X1, const V& X2) {
  const double h = l + r, p = l / h, q = r / h;
  // In units of h, so that nothing under- or overflows.
  const double v = 0.5 * std::sqrt(h * p * q / (p * p * p + q * q * q));
  const double a = v * p * p, b = v * q * q, c = v / std::sqrt(3.0);
  const double w = 2 * (a * p + b * q);
  // No neighbouring a + b c and d - e f: GCC would fuse them, and bits must not depend on it.
  const V left = p * whole.W + (6 * p * q) * whole.H + w * X1;
  return {{left, V((p * p) * whole.H + (-a) * X1 + (c * q) * X2)},
          {V(whole.W - left), V((q * q) * whole.H + (-b) * X1 + (-c * p) * X2)}};
}

namespace detail {

/// What a method needs of an increment known as (W, H), (W, H, K) or (W, A).
template <class M, template <class> class Kind, class V>
auto take(const Kind<V>& dB) {
  constexpr NoiseInput needs = M::facts.needs;
  static_assert(
      needs != NoiseInput::WA || requires { dB.A; },
      "This method needs Levy areas, and a Brownian path that is refined has W and H "
      "only: give the path, solve_adaptive_on with an AreaTree, or take fixed steps, or "
      "a method that needs W or (W, H) such as SPaRK.");
  static_assert(
      needs != NoiseInput::WHK || requires { dB.K; },
      "This method needs the area K, and a Brownian path that is refined has W and H "
      "only: give the path, solve_adaptive_on with a "
      "BrownianTree<V, SpaceTimeTimeIncrement>, or take fixed steps, or a method that "
      "needs W or (W, H) such as SPaRK.");
  static_assert(
      needs != NoiseInput::WH || requires { dB.H; },
      "This method needs the space-time area H, and an AreaTree has W and Levy areas "
      "only: take a BrownianTree.");
  static_assert(needs != NoiseInput::two_point && needs != NoiseInput::three_point,
                "This method replaces the Brownian path by variables that are right in law only, "
                "so there is no path to refine: take fixed steps, or a strong method.");
  if constexpr (needs == NoiseInput::W) {
    return Increment<V>{dB.W};
  } else if constexpr (needs == NoiseInput::WH) {
    return SpaceTimeIncrement<V>{dB.W, dB.H};
  } else {
    return dB;
  }
}

}  // namespace detail

}  // namespace stochflow
