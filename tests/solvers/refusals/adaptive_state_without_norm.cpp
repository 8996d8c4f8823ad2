// EXPECT: Adaptive steps need the size of an error, and this kind of state has none
#include "stochflow/methods/heun.hpp"
#include "stochflow/solve_adaptive.hpp"

using namespace stochflow;
struct Pair {  // a state with arithmetic and nothing else
  double a = 0, b = 0;
};
Pair operator+(const Pair& x, const Pair& y) { return {x.a + y.a, x.b + y.b}; }
Pair operator-(const Pair& x, const Pair& y) { return {x.a - y.a, x.b - y.b}; }
Pair operator*(double s, const Pair& x) { return {s * x.a, s * x.b}; }
Pair operator*(const Pair& x, double s) { return s * x; }
template <>
struct stochflow::StateTraits<Pair> {
  static constexpr bool check_each_step = false;
  static bool all_finite(const Pair& x) { return std::isfinite(x.a) && std::isfinite(x.b); }
};
void refused() {
  const auto sde = stratonovich<Noise::scalar>([](const auto& x, double) { return -1.0 * x; },
                                               [](const auto& x, double) { return 0.1 * x; });
#ifdef STOCHFLOW_REFUSED
  solve_adaptive(sde, StepDoubling<Heun>{}, Pair{1, 2}, 0, 1, PathId{});
#else
  solve(sde, Heun{}, Pair{1, 2}, uniform_grid(0, 1, 2), PathId{});
#endif
}
