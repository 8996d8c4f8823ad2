// EXPECT: give it an UnderdampedLangevin problem
#include "stochflow/langevin/align.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  solve(OrnsteinUhlenbeck{}, ALIGN{}, 1.0, uniform_grid(0, 1, 4), PathId{});
#else
  const UnderdampedLangevin sde([](double x) { return x; });
  solve(sde, ALIGN{}, PhaseSpace{1.0, 0.0}, uniform_grid(0, 1, 4), PathId{});
#endif
}
