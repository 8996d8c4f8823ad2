#pragma once

// A PID controller of the step size: PiController with a term for the curvature of the error's
// history, which smooths the sequence of steps where the error swings,
//
//   h <- h clamp(safety e_n^(-(I + P + D)/k) e_(n-1)^((P + 2 D)/k) e_(n-2)^(-D/k), shrink, grow).
//
// With D = 0 it is PiController. Rejected steps enter no history.
// Source: Söderlind, "Digital filters in adaptive time-stepping", ACM TOMS 29 (2003); the form in
// I, P and D as in Diffrax.

#include <algorithm>
#include <cmath>

#include "stochflow/control/first_step.hpp"

namespace stochflow {

struct PidController {
  double rtol = 1e-3;
  double atol = 1e-3;
  double integral = 0.3;
  double proportional = 0.1;
  double derivative = 0.05;
  double safety = 0.9;
  double shrink = 0.2;
  double grow = 5;
  double first_step = 0;  // 0: a thousandth of the interval; or automatic_first_step

  /// State of one run.
  struct Memory {
    double previous_error = 1;
    double error_before = 1;

    template <class Visit>
    void each(const Visit& visit) {
      visit(previous_error);
      visit(error_before);
    }
  };

  /// The factor for the next step after a scaled error e of order k; call once a try.
  double factor(double e, double k, bool accepted, Memory& memory) const {
    if (!std::isfinite(e)) return shrink;
    const double floor = 1e-10;  // a vanishing error must not ask for an infinite step
    const double now = std::max(e, floor);
    const double wanted = safety * std::pow(now, -(integral + proportional + derivative) / k) *
                          std::pow(memory.previous_error, (proportional + 2 * derivative) / k) *
                          std::pow(memory.error_before, -derivative / k);
    if (!accepted) return std::clamp(wanted, shrink, safety);
    memory.error_before = memory.previous_error;
    memory.previous_error = now;
    return std::clamp(wanted, shrink, grow);
  }
};

}  // namespace stochflow
