// EXPECT: This method needs the Levy areas of the Brownian path
#include "stochflow/models/heston.hpp"
#include "stochflow/solve.hpp"

using namespace stochflow;
struct WithAreas {
  static constexpr MethodFacts facts{.name = "WithAreas",
                                     .reference = "none",
                                     .solves_ito = true,
                                     .strong = {.general = 1},
                                     .needs = NoiseInput::WA};
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const AreaIncrement<V>& dB) const {
    return x + h * X(sde.drift(x, t)) + noise_term(sde, x, t, dB.W);
  }
};
void refused() {
  using X = Vector<double, 2>;
  const X x0(0, 0.04);
#ifdef STOCHFLOW_REFUSED
  const PrescribedIncrements<X> path({X(0.1, 0.2), X(0.1, -0.1)});
#else
  const FreshIncrements<X> path(1, 0);
#endif
  solve(Heston{}, WithAreas{}, x0, uniform_grid(0, 1, 2), path);
}
