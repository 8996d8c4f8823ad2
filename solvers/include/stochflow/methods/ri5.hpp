#pragma once

// RI5: Roessler's method of weak order 2 with noise stages half as far out as RI1's, for any Itô
// noise.
// Otherwise like RI1, see there for costs.
// Source: Roessler 2009, method RI5; the tableau runs in roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RI5 : WeakItoSteps<RI5> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {25.0 / 144, 35.0 / 144, 0}}},
      .B0 = {{{0, 0, 0}, {1.0 / 3, 0, 0}, {-5.0 / 6, 0, 0}}},
      .A1 = {{{0, 0, 0}, {0.25, 0, 0}, {0.25, 0, 0}}},
      .B1 = {{{0, 0, 0}, {0.5, 0, 0}, {-0.5, 0, 0}}},
      .B2 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .alpha = {0.1, 3.0 / 14, 24.0 / 35},
      .b1 = {1, -1, -1},
      .b2 = {0, 1, -1},
      .b3 = {0.5, -0.25, -0.25},
      .b4 = {0, 0.5, -0.5},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RI5",
      .reference = "Roessler 2009 (RI5)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
