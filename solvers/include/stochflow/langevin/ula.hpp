#pragma once

// ULA, the unadjusted Langevin algorithm: x' = x - eps grad U(x) + sqrt(2 eps) n. Every proposal is
// taken, so its stationary density is off by O(eps): for a normal target of variance s^2 it has
// variance s^2/(1 - eps/(2 s^2)). Take MALA where the density can be evaluated. The same numbers as
// EulerMaruyama on OverdampedLangevin. Source: Roberts and Tweedie, Bernoulli 2 (1996).

#include <cmath>

#include "stochflow/langevin/target.hpp"

namespace stochflow {

struct ULA {
  double step;  // eps > 0

  template <class X>
  struct Point {
    X x;
  };

  template <class T, class X>
  Point<X> start(const T&, const X& x) const {
    return {x};
  }
  /// Moves on by the standard normals n; tells whether the proposal was taken.
  template <class T, class X>
  bool advance(const T& target, Point<X>& at, const X& n, double) const {
    at.x = X(at.x - step * X(target.gradient(at.x)) + std::sqrt(2 * step) * n);
    return true;
  }
};

}  // namespace stochflow
