// EXPECT: This method solves Ito equations and the problem is Stratonovich
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  const auto sde = stratonovich<Noise::diagonal>([](double x, double) { return x; },
                                                 [](double x, double) { return x; });
  solve(sde, EulerMaruyama{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#else
  solve(GeometricBrownianMotion{}, EulerMaruyama{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#endif
}
