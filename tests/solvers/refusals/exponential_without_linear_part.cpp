// EXPECT: linear_part.. that returns A
#include "stochflow/methods/exponential/exponential_euler.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
struct Split : DoubleWell {
  double linear_part() const { return a; }
  double remainder(double x, double) const { return -a * x * x * x; }
};
void refused() {
#ifdef STOCHFLOW_REFUSED
  const DoubleWell well;
#else
  const Split well;
#endif
  solve(well, ExponentialEuler{}, 1.0, uniform_grid(0, 1, 10), PathId{});
}
