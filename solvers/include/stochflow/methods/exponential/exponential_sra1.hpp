#pragma once

// ExponentialSRA1: strong order 1.5 and weak order 2 for a drift A x + n(x, t) with additive noise,
// in two evaluations of n a step; SRA1 when A = 0.
//
//   y  = e^{cz} x + c h phi1(cz) n(x, t) + phi1(cz) g(t) (3/4 W + 3/2 H),   c = 3/4, z = hA
//   x' = e^z x + h phi1(z) n(x, t) + (h/c) phi2(z) (n(y, t + c h) - n(x, t))
//        + phi1(z) g(t) W + b(z) g(t) H + phi1(z) (g(t + h) - g(t)) (W/2 - H)
//
// The drift is the two-stage exponential rule of Cox and Matthews (ETD2RK, with c = 3/4 in place of
// 1, for which the second moment of the stage has its right value); b makes the variance of the
// noise exact for A a number or diagonal, so linear equations with constant n and diagonal or
// scalar noise are sampled exactly in law at any step. For a matrix b = 6 phi1 - 12 phi2, the
// expectation given H: exact in the mean, and in the covariance up to h^5. The problem gives
// `linear_part()` and `remainder(x, t)` as for ExponentialEuler. Source: Cox and Matthews, J.
// Comput. Phys. 176 (2002), section 2; Roessler 2010, section 6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/exponential/phi.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ExponentialSRA1 {
  static constexpr MethodFacts facts{.name = "ExponentialSRA1",
                                     .reference = "Cox and Matthews 2002; Roessler 2010 (SRA1)",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 5,
                                     .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    static_assert(P::noise == Noise::additive,
                  "ExponentialSRA1 is for additive noise: take ExponentialEuler.");
    constexpr double c = 0.75;
    const auto hA = detail::scaled_linear_part(sde, h);
    const auto chA = detail::scaled_linear_part(sde, c * h);
    const detail::Exponentials phi(hA), phi_c(chA);
    const auto noise = [&](double at, const V& variable) {
      return noise_term(sde, x, at, variable);
    };
    const V late = 0.5 * dB.W - dB.H;
    const X n = sde.remainder(x, t);
    const X y = detail::apply(phi_c.exp, x) +
                detail::apply(phi_c.phi1, X((c * h) * n + noise(t, V(c * dB.W + 2 * c * dB.H))));
    const X change = sde.remainder(y, t + c * h) - n;
    const X with_W = noise(t, dB.W) + noise(t + h, late) - noise(t, late);
    return detail::apply(phi.exp, x) + detail::apply(phi.phi1, X(h * n + with_W)) +
           (h / c) * detail::apply(phi.phi2, change) + detail::apply(phi.area, noise(t, dB.H));
  }
};

}  // namespace stochflow
