#pragma once

// SRA2: order 1.5 for additive noise, with the diffusion taken at t + h/3 and t + h.
// Source: Roessler 2010, section 6.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SRA2 : SraSteps<SRA2> {
  // clang-format off
  static constexpr SraTableau<2> tableau{
      .A0 = {{{0, 0}, {3.0 / 4, 0}}},
      .B0 = {{{0, 0}, {3.0 / 2, 0}}},
      .alpha = {1.0 / 3, 2.0 / 3},
      .b1 = {0, 1},
      .b2 = {3.0 / 2, -3.0 / 2},
      .c1 = {1.0 / 3, 1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SRA2",
                                     .reference = "Roessler 2010, section 6 (SRA2)",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 2,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
