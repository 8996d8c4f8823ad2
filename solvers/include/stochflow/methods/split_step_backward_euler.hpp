#pragma once

// Split-step backward Euler: first the drift, implicitly, then the noise from where it arrived:
//
//   y = x + h f(y, t + h),   x' = y + g(y, t + h) W
//
// For super-linear drifts with multiplicative noise: under a one-sided Lipschitz drift it converges
// and keeps its moments bounded, which Euler-Maruyama does not; and because g sees the damped y it
// tolerates more noise than ThetaEuler when g grows. For linear equations the two are equivalent.
// Source: Higham, Mao and Stuart, SIAM J. Numer. Anal. 40 (2002), section 3.

#include "stochflow/facts.hpp"
#include "stochflow/implicit/newton.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SplitStepBackwardEuler {
  static constexpr MethodFacts facts{
      .name = "SplitStepBackwardEuler",
      .reference = "Higham, Mao and Stuart 2002, section 3",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  /// The step, and whether its equation could be solved.
  template <class P, class X, class V>
  Attempt<X> attempt(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const auto y = solve_implicit(detail::implicit_drift_at<P, X>(sde, t + h), x, h, x);
    if (y.status != Status::ok) return y;
    return {X(y.x + noise_term(sde, y.x, t + h, dB.W))};
  }
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return attempt(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
