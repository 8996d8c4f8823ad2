#pragma once

// ShOULD, the shifted ODE for underdamped Langevin dynamics: strong order 3 with two new
// gradients a step. QUICSORT has the same order and cost and needs no memory.
//
//   v~ = v + rho (H + 6 K)
//   y  = x + h/2 phi_1(z/2) v~ + h/4 phi_2(z/2) (-u h f(x) + rho (W - 12 K))
//   x' = x + h phi_1 v - u h^2 phi_2 (f(x)/3 + 2 f(y)/3) + rho h (phi_2 W + N)
//   v' = e^-z v - u h (e^-z f(x)/6 + 2 e^{-z/2} f(y)/3 + f(x')/6) + rho (phi_1 W - z N)
//
// with f = grad U, z = gamma h, N = chi H + kappa K. Source: Foster, Lyons and Oberhauser, arXiv
// 2101.03446, definition 7.1.

#include "stochflow/facts.hpp"
#include "stochflow/langevin/gradient_memory.hpp"
#include "stochflow/langevin/phi_functions.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

struct ShOULD {
  static constexpr MethodFacts facts{.name = "ShOULD",
                                     .reference = "Foster et al., arXiv 2101.03446, def. 7.1",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 3},
                                     .weak = {.additive = 3},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 1,
                                     .needs = NoiseInput::WHK};

  template <class P, class S>
  auto start(const P& sde, const S& s, double) const {
    return GradientMemory<detail::PositionsOf<P, S>>{sde.gradient(s.x)};
  }

  template <class P, class S, class V>
  S step(const P& sde, const S& s, double t, double h, const SpaceTimeTimeIncrement<V>& dB) const {
    auto memory = start(sde, s, t);
    return step(sde, s, t, h, dB, memory);
  }

  template <class P, class S, class V, class X>
  S step(const P& sde,
         const S& s,
         double,
         double h,
         const SpaceTimeTimeIncrement<V>& dB,
         GradientMemory<X>& memory) const {
    const double u = sde.u(), rho = sde.rho(), z = sde.gamma() * h;
    const PhiFunctions phi(z), half(0.5 * z);
    const X N = X(phi.chi() * dB.H + phi.kappa() * dB.K);
    const X f0 = memory.gradient;
    const X shifted = X(s.v + rho * (dB.H + 6.0 * dB.K));
    const X f1 = sde.gradient(X(s.x + (0.5 * h * half[1]) * shifted -
                                (0.25 * h * half[2]) * (u * h * f0 - rho * (dB.W - 12.0 * dB.K))));
    const X x1 = X(s.x + (h * phi[1]) * s.v - (u * h * h * phi[2] / 3) * (f0 + 2.0 * f1) +
                   (rho * h) * (phi[2] * dB.W + N));
    const X f2 = sde.gradient(x1);
    const X v1 = X(phi[0] * s.v - (u * h / 6) * (phi[0] * f0 + (4 * half[0]) * f1 + f2) +
                   rho * (phi[1] * dB.W - z * N));
    memory.gradient = f2;
    return {x1, v1};
  }
};

}  // namespace stochflow
