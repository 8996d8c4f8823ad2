#pragma once

// RI1: Roessler's method of weak order 2 and deterministic order 3, for any Itô noise.
// Three evaluations of the drift; of the diffusion one in full and four of each column (two where
// the columns are one, as for scalar and diagonal noise). RI6 does with two drift evaluations, DRI1
// has the smaller error constants. Source: Roessler 2009, method RI1; the tableau runs in
// roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct RI1 : WeakItoSteps<RI1> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {2.0 / 3, 0, 0}, {-1.0 / 3, 1, 0}}},
      .B0 = {{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}},
      .A1 = {{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}},
      .B1 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .B2 = {{{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}}},
      .alpha = {0.25, 0.5, 0.25},
      .b1 = {0.5, 0.25, 0.25},
      .b2 = {0, 0.5, -0.5},
      .b3 = {-0.5, 0.25, 0.25},
      .b4 = {0, 0.5, -0.5},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "RI1",
      .reference = "Roessler 2009 (RI1)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
