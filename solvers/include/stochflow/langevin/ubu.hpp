#pragma once

// UBU: half a step of free Langevin motion (U, exact, with friction and noise), a kick by the
// force, another half step. Strong order 2 with a single gradient a step: the cheapest of order 2,
// and for strongly convex potentials the one with the best known bounds for sampling.
//
// The noise of a step are three Gaussian integrals: of the position at the middle, and of position
// and velocity at the end. They have their exact joint law, built from (W, H, K) such that W is
// used as it is (the noise of v is rho W minus gamma times that of x) and the pathwise order is
// kept. Sources: Sanz-Serna and Zygalakis, J. Mach. Learn. Res. 22 (2021); Chada et al., arXiv
// 2311.05025.

#include <algorithm>
#include <cmath>

#include "stochflow/facts.hpp"
#include "stochflow/langevin/phi_functions.hpp"
#include "stochflow/langevin/underdamped.hpp"
#include "stochflow/noise/increment_types.hpp"

namespace stochflow {

struct UBU {
  static constexpr MethodFacts facts{.name = "UBU",
                                     .reference = "Sanz-Serna and Zygalakis 2021",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 2},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 1,
                                     .diffusion_evaluations = 1,
                                     .needs = NoiseInput::WHK};

  template <class P, class S, class V>
  S step(const P& sde, const S& s, double, double h, const SpaceTimeTimeIncrement<V>& dB) const {
    using X = detail::PositionsOf<P, S>;
    const double u = sde.u(), rho = sde.rho(), gamma = sde.gamma(), z = gamma * h;
    const PhiFunctions twice(2 * z), phi(z), half(0.5 * z);

    // In units of the step: b(r) = (1 - e^{-z r})/z over [0, 1] for the end, c(r) = b(r - 1/2) over
    // [1/2, 1] for the middle, r the time left. Covariances, then a Cholesky factor.
    const double with_c = 0.25 * half[2];                              // Cov[W, c]
    const double bb = integral_of_b_squared(phi, twice);               // Var[b]
    const double cc = 0.125 * integral_of_b_squared(half, phi);        // Var[c]
    const double bc = 0.5 * half[1] * with_c + half[0] * cc;           // Cov[b, c]
    const double b1 = std::sqrt(std::max(bb - phi[2] * phi[2], 0.0));  // of b: phi_2 W + b1 n
    const double c1 = b1 > 0 ? (bc - with_c * phi[2]) / b1 : 0.0;      // of c: with_c W + c1 n
    const double c2 = std::sqrt(std::max(cc - with_c * with_c - c1 * c1, 0.0));  // + c2 n'
    const X n = X(std::sqrt(12.0) * dB.H), n2 = X(std::sqrt(720.0) * dB.K);
    const X end = X((rho * h) * (phi[2] * dB.W + b1 * n));
    const X middle = X((rho * h) * (with_c * dB.W + c1 * n + c2 * n2));

    const X kick = X((u * h) * sde.gradient(X(s.x + (0.5 * h * half[1]) * s.v + middle)));
    return {X(s.x + (h * phi[1]) * s.v - (0.5 * h * half[1]) * kick + end),
            X(phi[0] * s.v - half[0] * kick + rho * dB.W - gamma * end)};
  }
};

}  // namespace stochflow
