#pragma once

// RDI2WM: weak order 2, two drift evaluations (Heun's method without noise), any Itô noise.
// Of the diffusion one evaluation in full and four of each column. A close relative is RI6.
// Source: Debrabant and Roessler 2008, method RDI2WM; the tableau runs in roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RDI2WM : WeakItoSteps<RDI2WM> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}},
      .B0 = {{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}},
      .A1 = {{{0, 0, 0}, {2.0 / 3, 0, 0}, {2.0 / 3, 0, 0}}},
      .B1 = {{{0, 0, 0}, {weak::root(2.0 / 3), 0, 0}, {-weak::root(2.0 / 3), 0, 0}}},
      .B2 = {{{0, 0, 0}, {weak::root(2), 0, 0}, {-weak::root(2), 0, 0}}},
      .alpha = {0.5, 0.5, 0},
      .b1 = {0.25, 0.375, 0.375},
      .b2 = {0, weak::root(6) / 4, -weak::root(6) / 4},
      .b3 = {-0.25, 0.125, 0.125},
      .b4 = {0, weak::root(2) / 4, -weak::root(2) / 4},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RDI2WM",
      .reference = "Debrabant and Roessler 2008 (RDI2WM)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 2,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
