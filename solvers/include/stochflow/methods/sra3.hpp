#pragma once

// SRA3: order 1.5 for additive noise and order 3 without noise, in three drift evaluations a step.
// For small noise.
// Source: Roessler 2010, section 6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SRA3 : SraSteps<SRA3> {
  // clang-format off
  static constexpr SraTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {1.0 / 4, 1.0 / 4, 0}}},
      .B0 = {{{0, 0, 0}, {0, 0, 0}, {1, 1.0 / 2, 0}}},
      .alpha = {1.0 / 6, 1.0 / 6, 2.0 / 3},
      .b1 = {1, 0, 0},
      .b2 = {-1, 1, 0},
      .c1 = {1, 0, 0},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SRA3",
                                     .reference = "Roessler 2010, section 6 (SRA3)",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 3,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
