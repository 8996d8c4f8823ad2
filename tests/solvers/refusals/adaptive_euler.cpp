// EXPECT: does not converge to the Ito solution
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve_adaptive.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  solve_adaptive(GeometricBrownianMotion{}, StepDoubling<EulerMaruyama>{}, 1.0, 0, 1, PathId{});
#else
  solve_adaptive(GeometricBrownianMotion{}, StepDoubling<Milstein>{}, 1.0, 0, 1, PathId{});
#endif
}
