#pragma once

// SRS2: Roessler's derivative-free method of strong order 1 for Stratonovich equations with general
// noise, second order in the drift. With the iterated integrals J_jk = int W^j o dW^k,
//
//   H+-_k = x +- sum_j g^j(x, t) J_jk / sqrt(h)
//   x'    = x + h/2 (f(x, t) + f(x + h f, t+h)) + g(x, t) W
//             + sqrt(h)/2 sum_k (g^k(H+_k, t) - g^k(H-_k, t))
//
// The first choice for paths of a Stratonovich equation whose noise does not commute; LogODE is the
// alternative where the diffusion takes dual numbers. For commutative noise SlowRK is of order 1.5.
// Two drift evaluations a step, 1 + 2 M of the diffusion for M Brownian motions.
// Source: Roessler, SIAM J. Numer. Anal. 48 (2010), 922-952, section 4.

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/methods/srk/strong_one.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SRS2 {
  static constexpr MethodFacts facts{.name = "SRS2",
                                     .reference = "Roessler 2010, section 4 (SRS2)",
                                     .solves_stratonovich = true,
                                     .strong = {.commutative = 1, .general = 1},
                                     .weak = {.commutative = 1, .general = 1},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 3,
                                     .needs = NoiseInput::WA};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const AreaIncrement<V>& dB) const {
    detail::has_diffusion_matrix<P, X>();
    const X f = sde.drift(x, t);
    const auto g = detail::plain(sde.diffusion(x, t));
    const X f_H = sde.drift(X(x + h * f), t + h);
    const auto J = iterated_integrals<Calculus::stratonovich>(h, dB);
    return x + (0.5 * h) * (f + f_H) + X(product(g, dB.W)) +
           srk::column_differences(sde, x, t, h, g, J);
  }
};

}  // namespace stochflow
