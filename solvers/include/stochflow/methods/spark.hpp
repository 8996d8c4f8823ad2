#pragma once

// SPaRK: order 1.5 for additive noise and order 1 for every commutative one in three evaluations of
// each coefficient a step; the pair for adaptive steps.
//
//   z2 = x + 1/2 h f1 + (1/2 W + sqrt(3) H) g1,   z3 = x + h f2 + W g2
//   x' = x + sum_i w_i (h f_i + W g_i) + H (g1 - g3),   w = ((3-sqrt 3)/6, sqrt(3)/3, (3-sqrt 3)/6)
//
// Source: Foster and Jelincic, arXiv 2311.14201, definition 1.6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/stratonovich.hpp"

namespace stochflow {

struct SPaRK {
  // clang-format off
  static constexpr StratonovichTableau<3> tableau{
      .A = {{{0, 0, 0}, {0.5, 0, 0}, {0, 1, 0}}},
      .AW = {{{0, 0, 0}, {0.5, 0, 0}, {0, 1, 0}}},
      .AH = {{{0, 0, 0}, {1.7320508075688772, 0, 0}, {0, 0, 0}}},
      .b = {0.21132486540518712, 0.57735026918962576, 0.21132486540518712},
      .bW = {0.21132486540518712, 0.57735026918962576, 0.21132486540518712},
      .bH = {1, 0, -1},
      .c = {0, 0.5, 1},
      .b_error = {-0.28867513459481288, 0.57735026918962576, -0.28867513459481288},
      .bW_error = {-0.28867513459481288, 0.57735026918962576, -0.28867513459481288},
      .bH_error = {1, 0, -1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "SPaRK",
      .reference = "Foster and Jelincic 2023, definition 1.6",
      .solves_stratonovich = true,
      .strong = {.additive = 1.5, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 2, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return stratonovich_step<tableau>(sde, x, t, h, dB).x;
  }

  /// The estimate is the difference to Heun's rule, plus the H terms.
  template <class P, class X, class V>
  StepWithError<X> step_with_error(
      const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return stratonovich_step<tableau>(sde, x, t, h, dB);
  }
};

}  // namespace stochflow
