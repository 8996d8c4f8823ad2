#pragma once

// SOSRA2: order 1.5 for additive noise with an optimised stability region and well-behaved weights.
// Source: Rackauckas and Nie on stability-optimised methods; coefficients as published with
// DifferentialEquations.jl.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SOSRA2 : SraSteps<SOSRA2> {
  // clang-format off
  static constexpr SraTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {1, 0, 0}, {0.9511849235504364, 0.04881507644956362, 0}}},
      .B0 = {{{0, 0, 0}, {0.7686101171003622, 0, 0}, {0.43886792994934987, 0.7490415909204886, 0}}},
      .alpha = {0.4999999999999998, -0.9683897375354181, 1.4683897375354185},
      .b1 = {0, 0.92438032145683, 0.07561967854316998},
      .b2 = {1, -0.8169981105823436, -0.18300188941765633},
      .c1 = {0, 1, 1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SOSRA2",
                                     .reference = "Rackauckas and Nie, stability-optimised SRA",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 3,
                                     .diffusion_evaluations = 2,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
