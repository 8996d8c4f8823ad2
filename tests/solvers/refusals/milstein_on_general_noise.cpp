// EXPECT: claims no order for the noise structure that the problem declares
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
void refused() {
  const Vector<double, 2> x0(0, 0.04);
#ifdef STOCHFLOW_REFUSED
  solve(Heston{}, Milstein{}, x0, uniform_grid(0, 1, 2), PathId{});
#else
  solve(Heston{}, EulerMaruyama{}, x0, uniform_grid(0, 1, 2), PathId{});
#endif
}
