#pragma once

// SRI2: Roessler's derivative-free method of strong order 1 for Itô equations with general noise,
// second order in the drift. With the iterated integrals I_jk = int W^j dW^k,
//
//   H    = x + h f(x, t),   H+-_k = H +- sum_j g^j(x, t) I_jk / sqrt(h)
//   x'   = x + h/2 (f(x, t) + f(H, t+h)) + g(x, t) W
//            + sqrt(h)/2 sum_k (g^k(H+_k, t+h) - g^k(H-_k, t+h))
//
// The first choice for paths of an Itô equation whose noise does not commute; the twin in
// Stratonovich's calculus is SRS2. For commutative noise the same without Lévy areas:
// MilsteinDerivativeFree. Two drift evaluations a step, 1 + 2 M of the diffusion for M Brownian
// motions.
// Source: Roessler, SIAM J. Numer. Anal. 48 (2010), 922-952, section 6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/methods/srk/strong_one.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/iterated_integrals.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SRI2 {
  static constexpr MethodFacts facts{.name = "SRI2",
                                     .reference = "Roessler 2010, section 6 (SRI2)",
                                     .solves_ito = true,
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
    const X H = x + h * f;
    const X f_H = sde.drift(H, t + h);
    const auto I = iterated_integrals<Calculus::ito>(h, dB);
    return x + (0.5 * h) * (f + f_H) + X(product(g, dB.W)) +
           srk::column_differences(sde, H, t + h, h, g, I);
  }
};

}  // namespace stochflow
