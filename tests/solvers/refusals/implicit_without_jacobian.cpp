// EXPECT: needs the Jacobian of the drift
#include <cmath>

#include "stochflow/methods/theta_euler.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
  const auto one = [](const auto&, double) { return 1.0; };
#ifdef STOCHFLOW_REFUSED
  const auto sde = ito<Noise::additive>([](double x, double) { return -std::erf(x); }, one);
#else
  const auto sde = ito<Noise::additive>([](const auto& x, double) { return -tanh(x); }, one);
#endif
  solve(sde, ThetaEuler{}, 1.0, uniform_grid(0, 1, 10), PathId{});
}
