#pragma once

// Choosing the next step from the error of the last: a PI controller on the scaled error e, which
// is at most 1 for a step that is accepted,
//
//   h <- h clamp(safety e^(-(I + P)/k) e_previous^(P/k), shrink, grow),   k = order of the error.
//
// Rejected steps never grow, accepted ones never shrink by more than the controller says. One
// controller serves one trajectory.
// Source: Hairer and Wanner, Solving ODEs II, section IV.2; coefficients for SDEs as in Diffrax.

#include <algorithm>
#include <cmath>

#include "stochflow/control/first_step.hpp"

namespace stochflow {

struct PiController {
  double rtol = 1e-3;
  double atol = 1e-3;
  double integral = 0.3;
  double proportional = 0.1;
  double safety = 0.9;
  double shrink = 0.2;
  double grow = 5;
  double first_step = 0;  // 0: a thousandth of the interval; or automatic_first_step

  /// State of one run.
  struct Memory {
    double previous_error = 1;

    template <class Visit>
    void each(const Visit& visit) {
      visit(previous_error);
    }
  };

  /// The factor for the next step after a scaled error e of order k; call once a try.
  double factor(double e, double k, bool accepted, Memory& memory) const {
    if (!std::isfinite(e)) return shrink;
    const double floor = 1e-10;  // a vanishing error must not ask for an infinite step
    const double now = std::max(e, floor);
    const double wanted = safety * std::pow(now, -(integral + proportional) / k) *
                          std::pow(memory.previous_error, proportional / k);
    if (!accepted) return std::clamp(wanted, shrink, safety);
    memory.previous_error = now;
    return std::clamp(wanted, shrink, grow);
  }
};

}  // namespace stochflow
