// EXPECT: ItoTaylor15 needs second derivatives of drift and diffusion
#include "stochflow/methods/ito_taylor15.hpp"
#include "stochflow/methods/sriw1.hpp"
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
  solve(OnlyDoubles{}, ItoTaylor15{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#else
  solve(OnlyDoubles{}, SRIW1{}, 1.0, uniform_grid(0, 1, 2), PathId{});
#endif
}
