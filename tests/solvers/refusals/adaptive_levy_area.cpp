// EXPECT: This method needs Levy areas, and a Brownian path that is refined has W and H
#include "stochflow/models/heston.hpp"
#include "stochflow/solve_adaptive.hpp"

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
  const Vector<double, 2> x0(0, 0.04);
#ifdef STOCHFLOW_REFUSED
  solve_adaptive(Heston{}, StepDoubling<WithAreas>{}, x0, 0, 1, PathId{});
#else
  solve(Heston{}, WithAreas{}, x0, uniform_grid(0, 1, 2), PathId{});
#endif
}
