#pragma once

// RI6: Roessler's method of weak order 2 with two drift evaluations (Heun's method without noise),
// for any Itô noise: the cheapest of its family where the drift is what costs.
// Of the diffusion one evaluation in full and four of each column (two where the columns are one,
// as for scalar and diagonal noise). Source: Roessler 2009, method RI6; the tableau runs in
// roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RI6 : WeakItoSteps<RI6> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}},
      .B0 = {{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}},
      .A1 = {{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}},
      .B1 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .B2 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .alpha = {0.5, 0.5, 0},
      .b1 = {0.5, 0.25, 0.25},
      .b2 = {0, 0.5, -0.5},
      .b3 = {-0.5, 0.25, 0.25},
      .b4 = {0, 0.5, -0.5},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RI6",
      .reference = "Roessler 2009 (RI6)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 2,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
