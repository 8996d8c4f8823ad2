// EXPECT: A splitting needs each of A
#include "stochflow/langevin/splitting.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  using Method = FixedSplitting<"BAB">;
#else
  using Method = FixedSplitting<"BAOAB">;
#endif
  const UnderdampedLangevin sde([](double x) { return x; });
  solve(sde, Method{}, PhaseSpace{1.0, 0.0}, uniform_grid(0, 1, 4), PathId{});
}
