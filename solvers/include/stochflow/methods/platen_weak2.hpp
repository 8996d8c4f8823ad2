#pragma once

// Platen's explicit scheme of weak order 2 for any Itô noise, with I_j three-point variables and
// a = f(x, t), b^j = g^j(x, t):
//
//   Y = x + h a + sum_j b^j I_j,   R+-_j = x + h a +- sqrt(h) b^j,   U+-_j = x +- sqrt(h) b^j
//   x' = x + h/2 (a(Y, t+h) + a)
//      + 1/4 sum_j [(b^j(R+_j, t+h) + b^j(R-_j, t+h) + 2 b^j) I_j
//                   + sum_{r != j} (b^j(U+_r, t) + b^j(U-_r, t) - 2 b^j) I_j]
//      + 1/(4 sqrt(h)) sum_j [(b^j(R+_j, t+h) - b^j(R-_j, t+h)) (I_j^2 - h)
//                             + sum_{r != j} (b^j(U+_r, t) - b^j(U-_r, t)) (I_j I_r + V_rj)]
//
// V_rj = -V_jr = -sqrt(h) e_r I_j for r < j, of variance h^2 like Platen's own variables but made
// of one sign for each Brownian motion and not for each pair. The classic to compare with. It
// evaluates the whole matrix at 2 m points: on general noise RI6 and W2Ito2 are cheaper. Source:
// Kloeden and Platen 1992, eqs. (15.1.1), (15.1.3); the stage times are those that keep the order
// when the coefficients depend on time.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/columns.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct PlatenWeak2 {
  static constexpr MethodFacts facts{
      .name = "PlatenWeak2",
      .reference = "Kloeden and Platen 1992, eq. (15.1.3)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 2,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    const double root_h = detail::root(h);
    const V& I = dB.W;
    const X a = sde.drift(x, t);
    const auto b = detail::plain(sde.diffusion(x, t));
    const X Y = x + h * a + X(product(b, I));
    const X a_Y = sde.drift(Y, t + h);
    X next = x + (0.5 * h) * (a + a_Y) + 0.5 * X(product(b, I));
    if constexpr (P::noise == Noise::additive) {
      return next + 0.5 * noise_term(sde, x, t + h, I);
    } else if constexpr (!weak::has_columns<P, X>()) {
      const auto b_plus = detail::plain(sde.diffusion(X(x + h * a + root_h * b), t + h));
      const auto b_minus = detail::plain(sde.diffusion(X(x + h * a - root_h * b), t + h));
      const V double_integral = (I * I - h) * (0.25 / root_h);
      return next + X(product(b_plus, V(0.25 * I + double_integral))) +
             X(product(b_minus, V(0.25 * I - double_integral)));
    } else {
      for (Eigen::Index j = 0; j < I.size(); ++j) {
        const X b_j = b.col(j).array();
        const X b_plus = weak::diffusion_column(sde, X(x + h * a + root_h * b_j), t + h, j);
        const X b_minus = weak::diffusion_column(sde, X(x + h * a - root_h * b_j), t + h, j);
        const auto double_integral = (I[j] * I[j] - h) * (0.25 / root_h);
        next = next + (0.25 * I[j] + double_integral) * b_plus +
               (0.25 * I[j] - double_integral) * b_minus;

        // The two states U+-_j serve all other columns.
        const auto g_plus = detail::plain(sde.diffusion(X(x + root_h * b_j), t));
        const auto g_minus = detail::plain(sde.diffusion(X(x - root_h * b_j), t));
        const V others = weak::without(V(0.25 * I), j);
        const V pairs = V(weak::mixed_integrals(I, dB.e, h, j) * (0.5 / root_h));
        next = next + X(product(g_plus, V(others + pairs))) +
               X(product(g_minus, V(others - pairs))) - 2.0 * X(product(b, others));
      }
      return next;
    }
  }
};

}  // namespace stochflow
