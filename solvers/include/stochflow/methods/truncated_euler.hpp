#pragma once

// Truncated Euler-Maruyama: both coefficients are evaluated at y, which is x pulled back to a ball,
//
//   y = x min(1, R / |x|),   x' = x + h f(y, t) + g(y, t) W,   R = radius h^(-1/(4 growth))
//
// For coefficients that *both* grow faster than linearly, where the tamed methods, which touch the
// drift only, do not help. Inside the ball it is Euler-Maruyama; the ball grows as the step falls.
// `growth` is the power with which the coefficients grow (3 for x - x^3), `radius` a size that the
// solution rarely exceeds: too small and the answer is that of another equation, too large and a
// step from outside overshoots (keep h f(R) of the order of R).
// Source: Mao, J. Comput. Appl. Math. 290 (2015), section 2, with mu(u) a multiple of u^growth and
// h(Delta) of Delta^(-1/4).

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "stochflow/facts.hpp"
#include "stochflow/methods/stiff/norm.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct TruncatedEuler {
  double radius = 20;  // in the unit of the state, for h = 1
  double growth = 3;

  static constexpr MethodFacts facts{
      .name = "TruncatedEuler",
      .reference = "Mao 2015, section 2",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    if (!(radius > 0 && growth > 0)) {
      std::ostringstream text;
      text << "TruncatedEuler: radius and growth must be positive, found radius = " << radius
           << " and growth = " << growth;
      throw std::invalid_argument(text.str());
    }
    const double R = radius * std::pow(h, -1 / (4 * growth));
    const auto size = detail::euclidean_norm(x);
    using T = std::decay_t<decltype(size)>;
    const X y = x * select(size > T(R), R / size, T(1));
    const X f = sde.drift(y, t);
    const X gW = noise_term(sde, y, t, dB.W);
    return x + h * f + gW;
  }
};

}  // namespace stochflow
