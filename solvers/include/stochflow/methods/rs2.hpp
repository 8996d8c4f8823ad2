#pragma once

// RS2: weak order 2 for Stratonovich equations with any noise, of order 3 where there is none. With
// the noise part N and the shift S of rs.hpp:
//
//   k1 = f(x, t),  k2 = f(x + 2/3 h k1, t + 2/3 h),  k3 = f(x + h/6 k1 + h/2 k2 + S, t + 2/3 h)
//   x' = x + h (k1 + k2 + 2 k3)/4 + N
//
// The default for expectations of Stratonovich equations whose noise does not commute.
// Source: Roessler, BIT Numer. Math. 47 (2007), 657-680, method RS2.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/rs.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct RS2 {
  static constexpr MethodFacts facts{
      .name = "RS2",
      .reference = "Roessler 2007 (RS2)",
      .solves_stratonovich = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 4,
      .needs = NoiseInput::three_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    const double later = t + 2.0 / 3 * h;
    const X k1 = sde.drift(x, t);
    const X k2 = sde.drift(X(x + (2.0 / 3 * h) * k1), later);
    const auto noise = weak::rs_noise(sde, x, k1, t, h, dB);
    const X k3 = sde.drift(X(x + (h / 6) * k1 + (0.5 * h) * k2 + noise.shift), later);
    return x + (0.25 * h) * (k1 + k2 + 2.0 * k3) + noise.sum;
  }
};

}  // namespace stochflow
