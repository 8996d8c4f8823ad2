// EXPECT: Milstein needs the derivative of the diffusion
#include "stochflow/methods/milstein.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
struct OnlyDoubles {
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::diagonal;
  double drift(double x, double) const { return x; }
  double diffusion(double x, double) const { return x; }
};
void refused() {
#ifdef STOCHFLOW_REFUSED
  solve(OnlyDoubles{}, Milstein{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#else
  solve(OnlyDoubles{}, MilsteinDerivativeFree{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#endif
}
