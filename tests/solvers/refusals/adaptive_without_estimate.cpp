// EXPECT: This method has no error estimate of its own
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve_adaptive.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  solve_adaptive(GeometricBrownianMotion{}, Milstein{}, 1.0, 0, 1, PathId{});
#else
  solve_adaptive(GeometricBrownianMotion{}, StepDoubling<Milstein>{}, 1.0, 0, 1, PathId{});
#endif
}
