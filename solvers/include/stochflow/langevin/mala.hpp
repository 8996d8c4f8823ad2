#pragma once

// MALA, the Metropolis-adjusted Langevin algorithm: ULA's move as a proposal y, accepted with
// probability min(1, exp(-U(y)) q(x | y) / (exp(-U(x)) q(y | x))), q(y | x) the normal density of
// mean x - eps grad U(x) and variance 2 eps. Samples exp(-U) without bias. One gradient an
// iteration. Aim at an acceptance of 0.57 (0.5 to 0.8 is fine); eps scales like d^{-1/3}.
// Sources: Roberts and Tweedie, Bernoulli 2 (1996); Roberts and Rosenthal, JRSS B 60 (1998).

#include <cmath>

#include "stochflow/langevin/target.hpp"
#include "stochflow/norm_squared.hpp"

namespace stochflow {

struct MALA {
  double step;  // eps > 0

  template <class X>
  struct Point {
    X x;
    double U;    // potential and
    X gradient;  // gradient at x
  };

  template <class T, class X>
  Point<X> start(const T& target, const X& x) const {
    return {x, static_cast<double>(target.potential(x)), X(target.gradient(x))};
  }

  template <class X>
  double log_acceptance(const Point<X>& from, const Point<X>& to) const {
    const double there = detail::norm_squared(X(to.x - from.x + step * from.gradient));
    const double back = detail::norm_squared(X(from.x - to.x + step * to.gradient));
    return from.U - to.U + (there - back) / (4 * step);
  }

  /// Moves on by the standard normals n and a uniform on (0, 1); tells whether the proposal was
  /// taken. A proposal whose density is not a number is rejected.
  template <class T, class X>
  bool advance(const T& target, Point<X>& at, const X& n, double uniform) const {
    Point<X> proposal = start(target, X(at.x - step * at.gradient + std::sqrt(2 * step) * n));
    if (!(std::log(uniform) < log_acceptance(at, proposal))) return false;
    at = proposal;
    return true;
  }
};

}  // namespace stochflow
