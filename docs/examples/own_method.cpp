// A method of one's own, its order proved.
// [snippet]
#include <iostream>

#include "stochflow/verify/one_step.hpp"
#include "stochflow/verify/one_step_problems.hpp"
using namespace stochflow;

// Ralston's Runge-Kutta method with the noise beside the drift: a Stratonovich method.
struct Ralston {
  static constexpr MethodFacts facts{
      .name = "Ralston",
      .reference = "Ralston 1962, with increments",
      .solves_stratonovich = true,
      .strong = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 2,
      .diffusion_evaluations = 2};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const auto field = [&](const X& y, double s) {
      return X(h * sde.drift(y, s) + noise_term(sde, y, s, dB.W));
    };
    const X k1 = field(x, t);
    const X k2 = field(x + (2.0 / 3) * k1, t + (2.0 / 3) * h);
    return x + 0.25 * k1 + 0.75 * k2;
  }
};

int main() {
  const auto prove = [](const auto& problem) {
    const auto strong = verify::prove_strong(problem, Ralston{});
    const auto weak = verify::prove_weak(problem, Ralston{});
    std::cout << problem.name << ": strong " << strong.claimed << " claimed, "
              << (strong.holds() ? "holds" : "fails") << "; weak " << weak.claimed << " claimed, "
              << (weak.holds() ? "holds" : "fails") << '\n';
  };
  prove(verify::ProveOne<Calculus::stratonovich>{});
  prove(verify::ProveCommutative<Calculus::stratonovich, 2>{});
  prove(verify::ProveGeneral<Calculus::stratonovich, 3>{});
}
// [/snippet]
