#pragma once

// Tocino and Vigo-Aguiar's methods of weak order 2 for Itô equations with scalar, diagonal or
// additive noise, driven by the Brownian path itself:
//
//   k0 = f(x, t),  g0 = g(x, t)
//   k1 = f(x + lambda h k0 + (nu1 W + nu2 W^3/h) g0, t + mu h)
//   g+- = g(x + h k0 +- sqrt(h) g0, t + h)
//   x' = x + h (alpha1 k0 + alpha2 k1) + W/2 g0 + W/4 (g+ + g-) + (W^2 - h)/(4 sqrt h) (g+ - g-)
//
// Unlike the methods with three-point variables they are of strong order 1 as well, so that paths
// at two step sizes stay close to one another.
// Source: Tocino and Vigo-Aguiar, SIAM J. Sci. Comput. 24 (2002), 507-523. Their companions SIEB
// and SMEB, as published in several libraries, are of weak order 1 only.

#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::weak {

struct TocinoCoefficients {
  double alpha1, alpha2, lambda, mu, nu1, nu2;
};

template <const auto& T, class P, class X, class V>
X tocino_step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) {
  const double root_h = detail::root(h);
  const V& W = dB.W;
  const X k0 = sde.drift(x, t);
  const auto g0 = detail::plain(sde.diffusion(x, t));
  const V shift = T.nu1 * W + (T.nu2 / h) * (W * W * W);
  const X k1 = sde.drift(X(x + (T.lambda * h) * k0 + X(product(g0, shift))), t + T.mu * h);
  const X next = x + (T.alpha1 * h) * k0 + (T.alpha2 * h) * k1 + 0.5 * X(product(g0, W));
  if constexpr (P::noise == Noise::additive) {
    return next + 0.5 * noise_term(sde, x, t + h, W);
  } else {
    const V double_integral = (W * W - h) * (0.25 / root_h);
    const X plus =
        noise_term(sde, X(x + h * k0 + root_h * g0), t + h, V(0.25 * W + double_integral));
    const X minus =
        noise_term(sde, X(x + h * k0 - root_h * g0), t + h, V(0.25 * W - double_integral));
    return next + plus + minus;
  }
}

}  // namespace stochflow::weak
