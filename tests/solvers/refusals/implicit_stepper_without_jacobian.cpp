// EXPECT: needs the Jacobian of the field
#include <cmath>

#include "stochflow/ode/implicit_euler.hpp"

using namespace stochflow;
void refused() {
#ifdef STOCHFLOW_REFUSED
  const auto field = [](const Vector<double, 1>& x, double) -> Vector<double, 1> { return -x; };
#else
  const auto field = [](const auto& x, double) -> std::decay_t<decltype(x)> { return -x; };
#endif
  solve_ode(field, ImplicitEuler{}, Vector<double, 1>(1.0), 0, 1);
}
