#pragma once

// RDI4WM: weak order 2, deterministic order 3 (Kutta's method, the drift part of DRI1), any Itô
// noise. Costs as RI1. Source: Debrabant and Roessler 2008, method RDI4WM; the tableau runs in
// roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RDI4WM : WeakItoSteps<RDI4WM> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {0.5, 0, 0}, {-1, 2, 0}}},
      .B0 = {{{0, 0, 0}, {(6 - weak::root(6)) / 10, 0, 0}, {(3 + 2 * weak::root(6)) / 5, 0, 0}}},
      .A1 = {{{0, 0, 0}, {2.0 / 3, 0, 0}, {2.0 / 3, 0, 0}}},
      .B1 = {{{0, 0, 0}, {weak::root(2.0 / 3), 0, 0}, {-weak::root(2.0 / 3), 0, 0}}},
      .B2 = {{{0, 0, 0}, {weak::root(2), 0, 0}, {-weak::root(2), 0, 0}}},
      .alpha = {1.0 / 6, 2.0 / 3, 1.0 / 6},
      .b1 = {0.25, 0.375, 0.375},
      .b2 = {0, weak::root(6) / 4, -weak::root(6) / 4},
      .b3 = {-0.25, 0.125, 0.125},
      .b4 = {0, weak::root(2) / 4, -weak::root(2) / 4},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RDI4WM",
      .reference = "Debrabant and Roessler 2008 (RDI4WM)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
