#pragma once

// SRA3: order 1.5 for additive noise and order 3 without noise, in three drift evaluations a step.
// For small noise.
// Source: Roessler 2010, section 6.

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/facts.hpp"
#include "stochflow/methods/srk/sra.hpp"

namespace stochflow {

struct SRA3 {
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

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return sra_step<tableau>(sde, x, t, h, dB);
  }

  /// The estimate is the difference to an embedded method of order 1.
  static constexpr double error_order = 1.5;
  template <class P, class X, class V>
  StepWithError<X> step_with_error(
      const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    X error = x;
    const X next = sra_step<tableau>(sde, x, t, h, dB, &error);
    return {next, error};
  }
};

}  // namespace stochflow
