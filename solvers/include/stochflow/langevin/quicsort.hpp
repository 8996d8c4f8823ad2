#pragma once

// QUICSORT, the quadrature inspired and contractive shifted ODE with Runge-Kutta three: strong
// order 3 with two gradients a step, the cheapest way to accurate Langevin paths.
//
//   v~ = v + rho (H + 6 K),  R = rho (W - 12 K),  l, r = 1/2 -+ sqrt(3)/6
//   F1 = u h f(x + a_l v~ + b_l R)
//   F2 = u h f(x + a_r v~ + b_r R - a_{1/3} F1)
//   x' = x + a_1 v~ + b_1 R - (a_r F1 + a_l F2)/2
//   v' = e^-z v~ - (e^{-r z} F1 + e^{-l z} F2)/2 + phi_1 R - rho (H - 6 K)
//
// with f = grad U, z = gamma h, a_q = q h phi_1(q z), b_q = q^2 h phi_2(q z). Sources: Jelincic et
// al., arXiv 2405.06464; Foster, Lyons and Oberhauser, arXiv 2101.03446.

#include "stochflow/facts.hpp"
#include "stochflow/langevin/phi_functions.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

struct QUICSORT {
  static constexpr MethodFacts facts{.name = "QUICSORT",
                                     .reference = "Jelincic et al., arXiv 2405.06464",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 3},
                                     .weak = {.additive = 3},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 1,
                                     .needs = NoiseInput::WHK};

  template <class P, class S, class V>
  S step(const P& sde, const S& s, double, double h, const SpaceTimeTimeIncrement<V>& dB) const {
    using X = detail::PositionsOf<P, S>;
    const double u = sde.u(), rho = sde.rho(), z = sde.gamma() * h;
    constexpr double l = 0.21132486540518711775, r = 0.78867513459481288225;
    const PhiFunctions phi(z), left(l * z), right(r * z), third(z / 3);
    const double a_l = l * h * left[1], a_r = r * h * right[1];
    const X v = X(s.v + rho * (dB.H + 6.0 * dB.K));
    const X R = X(rho * (dB.W - 12.0 * dB.K));
    const X F1 = X((u * h) * sde.gradient(X(s.x + a_l * v + (l * l * h * left[2]) * R)));
    const X F2 =
        X((u * h) *
          sde.gradient(X(s.x + a_r * v + (r * r * h * right[2]) * R - (h / 3 * third[1]) * F1)));
    return {X(s.x + (h * phi[1]) * v + (h * phi[2]) * R - 0.5 * (a_r * F1 + a_l * F2)),
            X(phi[0] * v - 0.5 * (right[0] * F1 + left[0] * F2) + phi[1] * R -
              rho * (dB.H - 6.0 * dB.K))};
  }
};

}  // namespace stochflow
