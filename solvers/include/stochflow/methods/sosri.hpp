#pragma once

// SOSRI: strong order 1.5 for Itô equations with diagonal or scalar noise, with an optimised
// stability region. Its stages lie at t - 0.042 h and t + 3.75 h, outside the step: the
// coefficients must be defined there. Where they are not, take SOSRI2 or SRIW1. Source: Rackauckas
// and Nie on stability-optimised methods; coefficients as published with DifferentialEquations.jl.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sri.hpp"

namespace stochflow {

struct SOSRI : SriSteps<SOSRI> {
  // clang-format off
  static constexpr SriTableau<4> tableau{
      .A0 = {{{0, 0, 0, 0}, {-0.04199224421316468, 0, 0, 0}, {2.842612915017106, -2.0527723684000727, 0, 0}, {4.338237071435815, -2.8895936137439793, 2.3017575594644466, 0}}},
      .A1 = {{{0, 0, 0, 0}, {0.26204282091330466, 0, 0, 0}, {0.20903646383505375, -0.1502377115150361, 0, 0}, {0.05836595312746999, 0.6149440396332373, 0.08535117634046772, 0}}},
      .B0 = {{{0, 0, 0, 0}, {-0.21641093549612528, 0, 0, 0}, {1.5336352863679572, 0.26066223492647056, 0, 0}, {-1.0536037558179159, 1.7015284721089472, -0.20725685784180017, 0}}},
      .B1 = {{{0, 0, 0, 0}, {-0.5119011827621657, 0, 0, 0}, {2.67767339866713, -4.9395031322250995, 0, 0}, {0.15580956238299215, 3.2361551006624674, -1.4223118283355949, 0}}},
      .alpha = {1.140099274172029, -0.6401334255743456, 0.4736296532772559, 0.026404498125060714},
      .b1 = {-1.8453464565104432, 2.688764531100726, -0.2523866501071323, 0.40896857551684956},
      .b2 = {0.4969658141589478, -0.5771202869753592, -0.12919702470322217, 0.2093514975196336},
      .b3 = {2.8453464565104425, -2.688764531100725, 0.2523866501071322, -0.40896857551684945},
      .b4 = {0.11522663875443433, -0.57877086147738, 0.2857851028163886, 0.17775911990655704},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SOSRI",
                                     .reference = "Rackauckas and Nie, stability-optimised SRI",
                                     .solves_ito = true,
                                     .strong = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .weak = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .drift_evaluations = 4,
                                     .diffusion_evaluations = 4,
                                     .needs = NoiseInput::WH,
                                     .stages_inside_step = false};
};

}  // namespace stochflow
