#pragma once

// Drift-implicit Euler-Maruyama: x' = x + h ((1 - theta) f(x, t) + theta f(x', t + h)) + g(x, t) W.
//
// For stiff drifts, where Euler-Maruyama would need steps of the size of the fastest time scale:
// with theta >= 1/2 every step size is mean-square stable on a stable linear equation. theta = 1
// (the default, backward Euler) also damps what it does not resolve and stays bounded for
// super-linear drifts such as x - x^3; theta = 1/2 (the trapezoidal rule) is the more accurate.
// Noise that is itself stiff (large g'(x)) stays explicit and limits the step: no Gaussian method
// can make it implicit. Without stiffness EulerMaruyama costs a fraction; diagonal noise and paths
// that matter: ImplicitMilstein; additive noise: KenCarpSRA.
//
// One Newton solve a step, which counts here as one drift evaluation and one Jacobian an iteration.
// Source: Kloeden and Platen 1992, section 12.2; stability: Higham, SIAM J. Numer. Anal. 38 (2000).

#include <sstream>
#include <stdexcept>

#include "stochflow/facts.hpp"
#include "stochflow/implicit/newton.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {
namespace detail {

/// a + (1 - theta) h f(x, t) + theta h f(x', t + h) = x', solved for x'.
template <class P, class X>
Attempt<X> theta_drift(
    const P& sde, const X& x, double t, double h, const X& with_noise, double theta) {
  if (!(theta >= 0 && theta <= 1)) {
    std::ostringstream text;
    text << "theta is " << theta
         << ", but must lie in [0, 1]: 1 is backward Euler, 1/2 the trapezoidal rule";
    throw std::invalid_argument(text.str());
  }
  X a = with_noise;
  if (theta < 1) a = a + ((1 - theta) * h) * X(sde.drift(x, t));
  return solve_implicit(implicit_drift_at<P, X>(sde, t + h), a, theta * h, a);
}

}  // namespace detail

struct ThetaEuler {
  double theta = 1;  // weight of the new state, in [0, 1]

  static constexpr MethodFacts facts{
      .name = "ThetaEuler",
      .reference = "Kloeden and Platen 1992, section 12.2",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  /// The step, and whether its equation could be solved.
  template <class P, class X, class V>
  Attempt<X> attempt(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return detail::theta_drift(sde, x, t, h, X(x + noise_term(sde, x, t, dB.W)), theta);
  }
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    return attempt(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
