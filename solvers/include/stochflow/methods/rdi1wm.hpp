#pragma once

// RDI1WM: weak order 1 and deterministic order 2, with one evaluation of the diffusion; any Itô
// noise. For small noise, where the drift's error dominates; otherwise SimplifiedEuler is cheaper
// and the methods of weak order 2 are better. Source: Debrabant and Roessler 2008, method RDI1WM;
// the tableau runs in roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RDI1WM : WeakItoSteps<RDI1WM> {
  // clang-format off
  static constexpr WeakItoTableau<2> tableau{
      .A0 = {{{0, 0}, {2.0 / 3, 0}}},
      .B0 = {{{0, 0}, {2.0 / 3, 0}}},
      .alpha = {0.25, 0.75},
      .b1 = {1, 0},
  };
  // clang-format on
  static_assert(tableau.residual_of_order_one() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RDI1WM",
      .reference = "Debrabant and Roessler 2008 (RDI1WM)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 1,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
