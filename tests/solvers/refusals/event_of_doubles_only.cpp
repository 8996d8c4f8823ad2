// EXPECT: An event function must take any kind of number, for its derivative
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
struct Level {
#ifdef STOCHFLOW_REFUSED
  double operator()(double x, double) const { return x - 2; }
#else
  auto operator()(const auto& x, double) const { return x - 2.0; }
#endif
};
void refused() {
  const auto grid = uniform_grid(0, 1, 2);
  solve(GeometricBrownianMotion{},
        Milstein{},
        1.0,
        grid,
        PathId{},
        {},
        events(terminal_event(Level{})));
}
