#pragma once

// SlowRK: strong order 1.5 and weak order 2 for every commutative noise; two drift and five
// diffusion evaluations a step. The most accurate method here for Stratonovich equations with
// scalar, diagonal or commutative noise.
//
//   z2 = x + 1/2 h f1,  z3 = z2 + 1/2 W g2,  z4 = z2 + 1/2 W g3,  z5 = z2 + W g4   (at t + h/2)
//   z6 = x + 3/4 h f1 + 3/4 W g4 + 3/2 H g4  (at t + 3h/4),   z7 = x + h f1 + 1/2 W g3  (at t + h)
//   x' = x + h (1/3 f1 + 2/3 f6) + W (1/6 g2 + 1/3 g3 + 1/3 g4 + 1/6 g5) + 2 H (g4 - g7)
//
// Source: arXiv 2210.17543, eq. (6.2).

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/stratonovich.hpp"

namespace stochflow {

struct SlowRK {
  // clang-format off
  static constexpr StratonovichTableau<7> tableau{
      .A = {{{0, 0, 0, 0, 0, 0, 0}, {0.5, 0, 0, 0, 0, 0, 0}, {0.5, 0, 0, 0, 0, 0, 0},
             {0.5, 0, 0, 0, 0, 0, 0}, {0.5, 0, 0, 0, 0, 0, 0}, {0.75, 0, 0, 0, 0, 0, 0},
             {1, 0, 0, 0, 0, 0, 0}}},
      .AW = {{{0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, {0, 0.5, 0, 0, 0, 0, 0},
              {0, 0, 0.5, 0, 0, 0, 0}, {0, 0, 0, 1, 0, 0, 0}, {0, 0, 0, 0.75, 0, 0, 0},
              {0, 0, 0.5, 0, 0, 0, 0}}},
      .AH = {{{0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0},
              {0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 1.5, 0, 0, 0},
              {0, 0, 0, 0, 0, 0, 0}}},
      .b = {1.0 / 3, 0, 0, 0, 0, 2.0 / 3, 0},
      .bW = {0, 1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6, 0, 0},
      .bH = {0, 0, 0, 2, 0, 0, -2},
      .c = {0, 0.5, 0.5, 0.5, 0.5, 0.75, 1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "SlowRK",
      .reference = "Foster, dos Reis and Strange 2022, eq. (6.2)",
      .solves_stratonovich = true,
      .strong =
          {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5, .commutative = 1.5, .general = 0.5},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 5,
      .needs = NoiseInput::WH};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return stratonovich_step<tableau>(sde, x, t, h, dB).x;
  }
};

}  // namespace stochflow
