#pragma once

// The Itô-Taylor scheme of strong order 1.5: all iterated integrals up to that order, with exact
// derivatives of the coefficients. For scalar, diagonal and additive noise; with
//   I_10 = int_0^h W_s ds = h (W/2 + H),   I_01 = int_0^h s dW_s = h (W/2 - H),
//   I_11 = (W^2 - h)/2,                    I_111 = W (W^2/3 - h)/2,
//
//   x' = x + h f + g W + (Dg g) I_11 + h^2/2 L^0 f + (Df g) I_10 + L^0 g I_01 + L^1 L^1 g I_111
//   L^0 = d/dt + f . grad + 1/2 sum_k g^k g^k : grad grad,   L^1 = g . grad,
//
// summed over the Brownian motions, each of which moves its own component where noise is diagonal.
// Second derivatives come from dual numbers of dual numbers, one pass for all terms of a
// coefficient; those in time are differences, which keeps the order.
//
// Where the problem declares that its drift commutes with its noise (sde.hpp), Df g = L^0 g, and
// I_10 + I_01 = h W does without H: a step then costs little more than one of Euler-Maruyama.
// Derivatives not at hand: SRIW1.
// Source: Kloeden and Platen 1992, section 10.4.

#include <type_traits>

#include "stochflow/derivative.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/multiply_add.hpp"
#include "stochflow/noise/increment_types.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct ItoTaylor15 {
  static constexpr MethodFacts facts{.name = "ItoTaylor15",
                                     .reference = "Kloeden and Platen 1992, section 10.4",
                                     .solves_ito = true,
                                     .strong = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .weak = {.additive = 2, .scalar = 2, .diagonal = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 4,
                                     .needs = NoiseInput::WH,
                                     .areas_cancel = true};

  /// dB: SpaceTimeIncrement, or Increment where the drift commutes with the noise.
  template <class P, class X, class Increments>
  X step(const P& sde, const X& x, double t, double h, const Increments& dB) const {
    static_assert(TwiceDifferentiable<P, X>,
                  "ItoTaylor15 needs second derivatives of drift and diffusion: write them generic "
                  "in their number type (const auto& x) so that dual numbers can pass through "
                  "them, or use SRIW1, which needs none.");
    static_assert(
        drift_commutes<P> || requires { dB.H; },
        "ItoTaylor15 needs the space-time area H unless the drift commutes with the "
        "noise.");
    using detail::multiply_add, detail::shaped_like;
    using V = std::decay_t<decltype(dB.W)>;

    // Coefficients in the middle of the step: what they change by with time is then in h f and g W,
    // but for its product with H.
    const double middle = t + 0.5 * h;
    const auto drift = [&](const auto& y) { return sde.drift(y, middle); };
    const auto diffusion = [&](const auto& y) { return sde.diffusion(y, middle); };
    const auto g = detail::plain(diffusion(x));
    const X hf = h * X(drift(x));
    const X euler = multiply_add(g, dB.W, hf);
    X next = x + euler;

    // h/2 (Df (h f + g W + 2 g H) + h/2 sum_k D^2 f(g^k, g^k))
    X along = euler;
    if constexpr (!drift_commutes<P>) along = along + X(product(g, V(2.0 * dB.H)));
    for_each_column<P>(g, x, [&](const X& column) {
      const X half = (0.5 * h) * column;
      const auto slope = second_derivative(drift, x, half, column, along);
      next = multiply_add(0.5 * h, shaped_like(x, slope), next);
      along = along * 0.0;  // Df is in the first
    });

    if constexpr (P::noise != Noise::additive) {
      // 1/2 (Dg (2 g I_11 + 2 f I_01 + 2 (Dg g) I_111) + D^2 g(g, g) (I_01 + 2 I_111)),
      // 2 I_11 = W^2 - h, 2 I_01 = h (W - 2 H), 2 I_111 = W third
      const X b = shaped_like(x, g);
      const X Dg_g = shaped_like(x, diffusion_derivative_along(sde, x, middle, b));
      const V third = multiply_add(dB.W * (1.0 / 3), dB.W, V(-h));
      along = multiply_add(dB.W, multiply_add(third, Dg_g, euler), X(-h * b));
      V weight = dB.W * (third + 0.5 * h);
      if constexpr (!drift_commutes<P>) {
        along = along - V(2.0 * dB.H) * hf;
        weight = weight - h * dB.H;
      }
      const auto slope = second_derivative(diffusion, x, X(weight * b), b, along);
      next = multiply_add(0.5, shaped_like(x, slope), next);
    }
    if constexpr (!drift_commutes<P>) {
      const auto change = detail::plain(sde.diffusion(x, t + h) - g);  // in half a step
      next = next - X(product(change, V(2.0 * dB.H)));
    }
    return next;
  }

 private:
  /// visit(g^k) for the column of every Brownian motion.
  template <class P, class G, class X, class Visitor>
  static void for_each_column(const G& g, const X& x, const Visitor& visit) {
    if constexpr (is_number<X> || P::noise == Noise::scalar) {
      visit(detail::shaped_like(x, g));
    } else if constexpr (MatrixExpression<G>) {
      for (Eigen::Index k = 0; k < g.cols(); ++k) visit(X(g.col(k).array()));
    } else {
      const X diagonal = detail::shaped_like(x, g);
      X column = diagonal * 0.0;
      for (Eigen::Index k = 0; k < x.size(); ++k) {
        column[k] = diagonal[k];
        visit(column);
        column[k] = diagonal[k] * 0.0;
      }
    }
  }
};

}  // namespace stochflow
