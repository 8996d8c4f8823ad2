// EXPECT: This method solves Stratonovich equations and the problem is Ito
#include "stochflow/methods/heun.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  solve(GeometricBrownianMotion{}, Heun{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#else
  const auto sde = stratonovich<Noise::diagonal>([](double x, double) { return x; },
                                                 [](double x, double) { return x; });
  solve(sde, Heun{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#endif
}
