#pragma once

// SOSRI2: strong order 1.5 for Itô equations with diagonal or scalar noise, with an optimised
// stability region and all stages inside the step. For moderately stiff problems.
// Source: Rackauckas and Nie on stability-optimised methods; coefficients as published with
// DifferentialEquations.jl.

#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sri.hpp"

namespace stochflow {

struct SOSRI2 : SriSteps<SOSRI2> {
  // clang-format off
  static constexpr SriTableau<4> tableau{
      .A0 = {{{0, 0, 0, 0}, {0.13804532298278663, 0, 0, 0}, {0.5818361298250374, 0.4181638701749618, 0, 0}, {0.4670018408674211, 0.8046204792187386, -0.27162232008616016, 0}}},
      .A1 = {{{0, 0, 0, 0}, {0.45605532163856893, 0, 0, 0}, {0.7555807846451692, 0.24441921535482677, 0, 0}, {0.6981181143266059, 0.3453277086024727, -0.04344582292908241, 0}}},
      .B0 = {{{0, 0, 0, 0}, {0.08852381537667678, 0, 0, 0}, {1.0317752458971061, 0.4563552922077882, 0, 0}, {1.73078280444124, -0.46089678470929774, -0.9637509618944188, 0}}},
      .B1 = {{{0, 0, 0, 0}, {0.6753186815412179, 0, 0, 0}, {-0.07452812525785148, -0.49783736486149366, 0, 0}, {-0.5591906709928903, 0.022696571806569924, -0.8984927888368557, 0}}},
      .alpha = {-0.15036858140642623, 0.7545275856696072, 0.686995463807979, -0.2911544680711602},
      .b1 = {-0.45315689727309133, 0.8330937231303951, 0.3792843195533544, 0.24077885458934192},
      .b2 = {-0.4994383733810986, 0.9181786186154077, -0.25613778661003145, -0.16260245862427797},
      .b3 = {1.4531568972730915, -0.8330937231303933, -0.3792843195533583, -0.24077885458934023},
      .b4 = {-0.4976090683622265, 0.9148155835648892, -1.4102107084476505, 0.9930041932449877},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-12);

  static constexpr MethodFacts facts{.name = "SOSRI2",
                                     .reference = "Rackauckas and Nie, stability-optimised SRI",
                                     .solves_ito = true,
                                     .strong = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .weak = {.additive = 1.5, .scalar = 1.5, .diagonal = 1.5},
                                     .drift_evaluations = 4,
                                     .diffusion_evaluations = 4,
                                     .needs = NoiseInput::WH};
};

}  // namespace stochflow
