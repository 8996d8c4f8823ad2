#pragma once

// RS1: weak order 2 for Stratonovich equations with any noise, and Heun's method where there is
// none. With the noise part N and the shift S of rs.hpp:
//
//   x' = x + h/2 (f(x, t) + f(x + h f(x, t) + S, t + h)) + N
//
// Two drift evaluations; the diffusion once in full and five times each column (three where the
// columns are one). RS2 has deterministic order 3 for one drift evaluation more. For commutative
// noise SlowRK is of weak order 2 as well and has a strong order besides.
// Source: Roessler, BIT Numer. Math. 47 (2007), 657-680, method RS1.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/rs.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct RS1 {
  static constexpr MethodFacts facts{
      .name = "RS1",
      .reference = "Roessler 2007 (RS1)",
      .solves_stratonovich = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 2,
      .diffusion_evaluations = 4,
      .needs = NoiseInput::three_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    const X k1 = sde.drift(x, t);
    const auto noise = weak::rs_noise(sde, x, k1, t, h, dB);
    const X k3 = sde.drift(X(x + h * k1 + noise.shift), t + h);
    return x + (0.5 * h) * (k1 + k3) + noise.sum;
  }
};

}  // namespace stochflow
