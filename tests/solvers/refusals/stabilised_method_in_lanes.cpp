// EXPECT: chooses its stages trajectory by trajectory
#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/sk_rock.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  const SkRock method;
#else
  const EulerMaruyama method;
#endif
  simulate_lanes(OrnsteinUhlenbeck{}, method, 1.0, uniform_grid(0, 1, 10), {.trajectories = 100});
}
