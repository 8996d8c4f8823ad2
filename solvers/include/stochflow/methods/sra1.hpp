#pragma once

// SRA1: order 1.5 for additive noise in two drift evaluations a step. The default for additive
// noise when paths matter; Heun reaches weak order 2 as well, at the same number of evaluations.
// Source: Roessler 2010, section 6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SRA1 : SraSteps<SRA1> {
  // clang-format off
  static constexpr SraTableau<2> tableau{
      .A0 = {{{0, 0}, {3.0 / 4, 0}}},
      .B0 = {{{0, 0}, {3.0 / 2, 0}}},
      .alpha = {1.0 / 3, 2.0 / 3},
      .b1 = {1, 0},
      .b2 = {-1, 1},
      .c1 = {1, 0},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SRA1",
                                     .reference = "Roessler 2010, section 6 (SRA1)",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
