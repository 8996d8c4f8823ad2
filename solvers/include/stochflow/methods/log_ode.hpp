#pragma once

// The log-ODE method: over a step the Stratonovich equation is replaced by the ordinary one whose
// flow has the same increment and the same Lévy areas,
//
//   dz/du = F(z),   F = h f + g W + sum_{j<k} [g^j, g^k] A_jk,   [a, b] = Db a - Da b,   u in [0,
//   1],
//
// and that one is solved by a midpoint step at time t + h/2. Strong order 1 for general noise.
// Geometric: whatever the flow of every vector field keeps is kept up to the error of the midpoint
// rule. The brackets come from dual numbers, so the diffusion must be generic in its number type;
// otherwise take SRS2. Two drift evaluations a step and four passes over the diffusion, two of them
// with dual numbers for each Brownian motion.
// Source: Castell and Gaines 1995; Lyons 2014, arXiv 1405.4537; Foster 2020 (thesis).

#include "stochflow/facts.hpp"
#include "stochflow/methods/milstein/correction.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct LogODE {
  static constexpr MethodFacts facts{.name = "LogODE",
                                     .reference = "Castell and Gaines 1995; midpoint rule",
                                     .solves_stratonovich = true,
                                     .strong = {.commutative = 1, .general = 1},
                                     .weak = {.commutative = 1, .general = 1},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 4,
                                     .needs = NoiseInput::WA};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const AreaIncrement<V>& dB) const {
    const auto F = [&](const X& z, double s) {
      const X f = sde.drift(z, s);
      const X gW = noise_term(sde, z, s, dB.W);
      if constexpr (detail::has_diffusion_matrix<P, X>()) {
        // sum_jk (Dg^k g^j) A_jk is the sum over the brackets, A being antisymmetric.
        return X(h * f + gW + detail::milstein_correction(sde, z, s, dB.A));
      } else {
        return X(h * f + gW);
      }
    };
    const X z = x + 0.5 * F(x, t);
    return x + F(z, t + 0.5 * h);
  }
};

}  // namespace stochflow
