#pragma once

// RI3: Roessler's method of weak order 2 whose drift part is the strong-stability-preserving
// Runge-Kutta method of order 3; any Itô noise.
// Otherwise like RI1, see there for costs.
// Source: Roessler 2009, method RI3; the tableau runs in roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RI3 : WeakItoSteps<RI3> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {0.25, 0.25, 0}}},
      .B0 = {{{0, 0, 0}, {(3 - 2 * weak::root(6)) / 5, 0, 0}, {(6 + weak::root(6)) / 10, 0, 0}}},
      .A1 = {{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}},
      .B1 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .B2 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .alpha = {1.0 / 6, 1.0 / 6, 2.0 / 3},
      .b1 = {0.5, 0.25, 0.25},
      .b2 = {0, 0.5, -0.5},
      .b3 = {-0.5, 0.25, 0.25},
      .b4 = {0, 0.5, -0.5},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RI3",
      .reference = "Roessler 2009 (RI3)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
