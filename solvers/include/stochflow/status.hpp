#pragma once

// How an integration ended. Numerical events are outcomes, never exceptions, so that one failed
// trajectory cannot abort an ensemble; exceptions are for misuse (see solve.hpp).

#include <cstdint>
#include <sstream>
#include <string>

namespace stochflow {

enum class Status {
  ok,              // reached the end
  stopped,         // an observer asked to stop
  not_finite,      // a state became infinite or not a number
  max_steps,       // the step budget of an adaptive run was used up
  step_underflow,  // the controller asked for a step too small to advance time
  newton_failed,   // an implicit stage did not converge
  event,           // a terminal event: see Solution::events
};

struct Outcome {
  Status status = Status::ok;
  double t = 0;           // time reached: for failures, the start of the step that failed
  std::int64_t step = 0;  // steps completed

  bool ok() const { return status == Status::ok; }

  /// What happened, where, and what to try.
  std::string message() const {
    std::ostringstream text;
    switch (status) {
      case Status::ok:
        text << "reached t = " << t << " in " << step << " steps";
        break;
      case Status::stopped:
        text << "stopped by the observer at t = " << t << " after " << step << " steps";
        break;
      case Status::not_finite:
        text << "the state was not finite after the step from t = " << t << " (step " << step
             << "): take smaller steps, or a tamed or implicit method";
        break;
      case Status::max_steps:
        text << "used all " << step << " steps and reached t = " << t
             << " only: raise max_steps or loosen the tolerance";
        break;
      case Status::step_underflow:
        text << "the step size underflowed at t = " << t << " (step " << step
             << "): the tolerance is below what rounding allows, or the equation has a singularity "
                "there";
        break;
      case Status::newton_failed:
        text << "Newton's iteration failed at t = " << t << " (step " << step
             << "): take smaller steps";
        break;
      case Status::event:
        text << "ended by an event at t = " << t << " after " << step << " steps";
        break;
    }
    return text.str();
  }
};

}  // namespace stochflow
