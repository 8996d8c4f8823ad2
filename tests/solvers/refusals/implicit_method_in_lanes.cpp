// EXPECT: solves equations trajectory by trajectory
#include "stochflow/ensemble/summarise.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  const ThetaEuler method;
#else
  const EulerMaruyama method;
#endif
  summarise_lanes(Each{Moments{}},
                  OrnsteinUhlenbeck{},
                  method,
                  1.0,
                  uniform_grid(0, 1, 10),
                  {.trajectories = 100});
}
