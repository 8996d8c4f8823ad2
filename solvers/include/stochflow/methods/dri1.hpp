#pragma once

// DRI1: the method of weak order 2 and deterministic order 3 with the smallest error constants of
// Roessler's family; any Itô noise. Next to W2Ito2 the choice for expectations.
// Costs as RI1.
// Source: Debrabant and Roessler 2009, method DRI1; the tableau runs in roessler.hpp.

#include "stochflow/facts.hpp"
#include "stochflow/methods/weak/roessler.hpp"

namespace stochflow {

struct DRI1 : WeakItoSteps<DRI1> {
  // clang-format off
  static constexpr WeakItoTableau<3> tableau{
      .A0 = {{{0, 0, 0}, {0.5, 0, 0}, {-1, 2, 0}}},
      .B0 = {{{0, 0, 0}, {(6 - weak::root(6)) / 10, 0, 0}, {(3 + 2 * weak::root(6)) / 5, 0, 0}}},
      .A1 = {{{0, 0, 0}, {342.0 / 491, 0, 0}, {342.0 / 491, 0, 0}}},
      .B1 = {{{0, 0, 0}, {3 * weak::root(38.0 / 491), 0, 0}, {-3 * weak::root(38.0 / 491), 0, 0}}},
      .B2 = {{{0, 0, 0}, {-214.0 / 513 * weak::root(1105.0 / 991), -491.0 / 513 * weak::root(221.0 / 4955), -491.0 / 513 * weak::root(221.0 / 4955)}, {214.0 / 513 * weak::root(1105.0 / 991), 491.0 / 513 * weak::root(221.0 / 4955), 491.0 / 513 * weak::root(221.0 / 4955)}}},
      .alpha = {1.0 / 6, 2.0 / 3, 1.0 / 6},
      .b1 = {193.0 / 684, 491.0 / 1368, 491.0 / 1368},
      .b2 = {0, weak::root(491.0 / 38) / 6, -weak::root(491.0 / 38) / 6},
      .b3 = {-4955.0 / 7072, 4955.0 / 14144, 4955.0 / 14144},
      .b4 = {0, -weak::root(4955.0 / 221) / 8, weak::root(4955.0 / 221) / 8},
  };
  // clang-format on
  static_assert(tableau.residual() < 1e-14);

  static constexpr MethodFacts facts{
      .name = "DRI1",
      .reference = "Debrabant and Roessler 2009 (DRI1)",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 3,
      .diffusion_evaluations = 3,
      .needs = NoiseInput::three_point};
};

}  // namespace stochflow
