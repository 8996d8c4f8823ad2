#pragma once

// SRIW2: strong order 1.5 for Itô equations with diagonal or scalar noise, order 3 without noise;
// three drift and four diffusion evaluations a step. For small noise.
// Source: Roessler 2010, section 5.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sri.hpp"

namespace stochflow {

struct SRIW2 : SriSteps<SRIW2> {
  // clang-format off
  static constexpr SriTableau<4> tableau{
      .A0 = {{{0, 0, 0, 0}, {1, 0, 0, 0}, {1.0 / 4, 1.0 / 4, 0, 0}, {0, 0, 0, 0}}},
      .A1 = {{{0, 0, 0, 0}, {1.0 / 4, 0, 0, 0}, {1, 0, 0, 0}, {0, 0, 1.0 / 4, 0}}},
      .B0 = {{{0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1.0 / 2, 0, 0}, {0, 0, 0, 0}}},
      .B1 = {{{0, 0, 0, 0}, {-1.0 / 2, 0, 0, 0}, {1, 0, 0, 0}, {2, -1, 1.0 / 2, 0}}},
      .alpha = {1.0 / 6, 1.0 / 6, 2.0 / 3, 0},
      .b1 = {-1, 4.0 / 3, 2.0 / 3, 0},
      .b2 = {1, -4.0 / 3, 1.0 / 3, 0},
      .b3 = {2, -4.0 / 3, -2.0 / 3, 0},
      .b4 = {-2, 5.0 / 3, -2.0 / 3, 1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SRIW2",
                                     .reference = "Roessler 2010, section 5 (SRIW2)",
                                     .solves_ito = true,
                                     .strong = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .weak = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .drift_evaluations = 3,
                                     .diffusion_evaluations = 4,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
