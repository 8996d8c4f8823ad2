#pragma once

// SOSRA: order 1.5 for additive noise with a stability region optimised for stiff-ish drifts. Its
// weights b1 (-16.8 and 17.5) cancel badly in single precision: take SOSRA2 there.
// Source: Rackauckas and Nie, Discrete Contin. Dyn. Syst. B 22 (2017) and its successor on
// stability-optimised methods; coefficients as published with DifferentialEquations.jl.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SOSRA : SraSteps<SOSRA> {
  // clang-format off
  static constexpr SraTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {0.6923962376159507, 0, 0}, {-3.1609142252828395, 4.1609142252828395, 0}}},
      .B0 = {{{0, 0, 0}, {1.3371632704399763, 0, 0}, {1.442371048468624, 1.8632741501139225, 0}}},
      .alpha = {0.2889874966892885, 0.6859880440839937, 0.025024459226717772},
      .b1 = {-16.792534242221663, 17.514995785380226, 0.27753845684143835},
      .b2 = {0.4237535769069274, 0.6010381474428539, -1.0247917243497813},
      .c1 = {0, 0.041248171110700504, 1},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SOSRA",
                                     .reference = "Rackauckas and Nie, stability-optimised SRA",
                                     .solves_ito = true,
                                     .solves_stratonovich = true,
                                     .strong = {.additive = 1.5},
                                     .weak = {.additive = 2},
                                     .drift_evaluations = 3,
                                     .diffusion_evaluations = 3,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
