#pragma once

// Drift-implicit midpoint rule: m = x + h/2 f(m, t + h/2) + 1/2 g(x, t) W,  x' = 2 m - x.
//
// The rule for oscillators and Hamiltonian drifts: without noise it keeps every quadratic invariant
// and is of order 2 for any length of step. It damps nothing: for stiff decay take ThetaEuler. The
// noise is explicit, so the calculus is Itô's.
// Source: Milstein and Tretyakov 2004; Burrage, Burrage, Higham, Kloeden and Platen,
// Numerical methods for stochastic differential equations, 2006.

#include "stochflow/facts.hpp"
#include "stochflow/implicit/newton.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ImplicitMidpoint {
  static constexpr MethodFacts facts{
      .name = "ImplicitMidpoint",
      .reference = "Milstein and Tretyakov 2004",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  /// The step, and whether its equation could be solved.
  template <class P, class X, class V>
  Attempt<X> attempt(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X a = x + 0.5 * noise_term(sde, x, t, dB.W);
    const auto f = detail::implicit_drift_at<P, X>(sde, t + 0.5 * h);
    const auto m = solve_implicit(f, a, 0.5 * h, a);
    return {X(2.0 * m.x - x), m.status};
  }
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return attempt(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
