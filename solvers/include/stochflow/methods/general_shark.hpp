#pragma once

// GeneralShARK: order 1.5 for additive noise and order 1 for every commutative one in two drift and
// three diffusion evaluations a step.
//
//   z2 = x + H g1,   z3 = x + 5/6 h f2 + 5/6 W g2 + H g1
//   x' = x + h (2/5 f2 + 3/5 f3) + W (2/5 g2 + 3/5 g3) + 6/5 H (g2 - g3)
//
// Source: arXiv 2210.17543, eq. (6.1).

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/stratonovich.hpp"

namespace stochflow {

struct GeneralShARK {
  // clang-format off
  static constexpr StratonovichTableau<3> tableau{
      .A = {{{0, 0, 0}, {0, 0, 0}, {0, 5.0 / 6, 0}}},
      .AW = {{{0, 0, 0}, {0, 0, 0}, {0, 5.0 / 6, 0}}},
      .AH = {{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}},
      .b = {0, 2.0 / 5, 3.0 / 5},
      .bW = {0, 2.0 / 5, 3.0 / 5},
      .bH = {0, 6.0 / 5, -6.0 / 5},
      .c = {0, 0, 5.0 / 6},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "GeneralShARK",
      .reference = "Foster, dos Reis and Strange 2022, eq. (6.1)",
      .solves_stratonovich = true,
      .strong = {.additive = 1.5, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 2, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return stratonovich_step<tableau>(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
