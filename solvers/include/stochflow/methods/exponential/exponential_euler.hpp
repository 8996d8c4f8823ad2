#pragma once

// Exponential Euler-Maruyama for a drift f(x, t) = A x + n(x, t):
//
//   x' = e^{hA} x + h phi1(hA) n(x, t) + s(hA) g(x, t) W
//
// For stiffness that is known and linear (reactions towards an equilibrium, diffusion in Fourier
// modes, damped oscillators): the linear part is integrated exactly at any step, explicitly, with
// no Newton. The problem states it by two members: `linear_part()`, which returns A as a number, an
// array (a diagonal matrix) or a matrix, and `remainder(x, t)`, which returns n. For A a number or
// diagonal, s(z) = sqrt(phi1(2z)), so that with constant n and g, diagonal or scalar, mean and
// variance are exact; for a matrix s = phi1 and the mean is. A matrix costs an exponential of three
// times its size a step. With additive noise ExponentialSRA1 is of higher order.
// Source: Jentzen and Kloeden, Proc. R. Soc. A 465 (2009), for the noise integrated exactly.

#include "stochflow/facts.hpp"
#include "stochflow/methods/exponential/phi.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ExponentialEuler {
  static constexpr MethodFacts facts{
      .name = "ExponentialEuler",
      .reference = "Jentzen and Kloeden 2009",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const auto hA = detail::scaled_linear_part(sde, h);
    const detail::Exponentials phi(hA);
    const X n = sde.remainder(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    return detail::apply(phi.exp, x) + h * detail::apply(phi.phi1, n) +
           detail::apply(phi.noise, gW);
  }
};

}  // namespace stochflow
