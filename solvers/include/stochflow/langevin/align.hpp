#pragma once

// ALIGN, additive-noise Langevin by an interpolated gradient: strong order 2 with one gradient a
// step (that of the end serves the next). The friction and the noise are integrated exactly, the
// force as if it were linear in time. For order 3 take QUICSORT.
//
//   x' = x + h phi_1 v - h^2 phi_2 u f + rho h (phi_2 W + chi H)
//   v' = e^-z v - h u ((phi_1 - phi_2) f + phi_2 f') + rho (phi_1 W - z chi H)
//
// with f = grad U(x), f' = grad U(x'), z = gamma h. Source: Foster, Lyons and Oberhauser, arXiv
// 2101.03446, definition 4.2.

#include "stochflow/facts.hpp"
#include "stochflow/langevin/gradient_memory.hpp"
#include "stochflow/langevin/phi_functions.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

struct ALIGN {
  static constexpr MethodFacts facts{.name = "ALIGN",
                                     .reference = "Foster et al., arXiv 2101.03446, def. 4.2",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 2},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 1,
                                     .diffusion_evaluations = 1,
                                     .needs = NoiseInput::WH};

  template <class P, class S>
  auto start(const P& sde, const S& s, double) const {
    return GradientMemory<detail::PositionsOf<P, S>>{sde.gradient(s.x)};
  }

  template <class P, class S, class V>
  S step(const P& sde, const S& s, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    auto memory = start(sde, s, t);
    return step(sde, s, t, h, dB, memory);
  }

  template <class P, class S, class V, class X>
  S step(const P& sde,
         const S& s,
         double,
         double h,
         const SpaceTimeIncrement<V>& dB,
         GradientMemory<X>& memory) const {
    const double u = sde.u(), rho = sde.rho(), z = sde.gamma() * h;
    const PhiFunctions phi(z);
    const X chiH = X(phi.chi() * dB.H);
    const X f0 = memory.gradient;
    const X x1 = X(s.x + (h * phi[1]) * s.v - (h * h * u * phi[2]) * f0 +
                   (rho * h) * (phi[2] * dB.W + chiH));
    const X f1 = sde.gradient(x1);
    const X v1 = X(phi[0] * s.v - (h * u) * ((phi[1] - phi[2]) * f0 + phi[2] * f1) +
                   rho * (phi[1] * dB.W - z * chiH));
    memory.gradient = f1;
    return {x1, v1};
  }
};

}  // namespace stochflow
