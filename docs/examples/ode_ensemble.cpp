// docs/ode_ensembles.md: parameters of an oscillator in SIMD lanes, and a stiff one.
// [snippet]
#include <iostream>

#include "stochflow/ode/lanes.hpp"
#include "stochflow/ode/rodas4.hpp"
using namespace stochflow;

int main() {
  // Predators and prey; parameters: how fast the prey grow, how fast the predators starve.
  const auto lotka_volterra = [](const auto& x, const auto&, const auto& q) {
    using X = std::decay_t<decltype(x)>;
    return X(x[0] * (q[0] - x[1]), x[1] * (x[0] - q[1]));
  };
  const int count = 10000;
  Lanes<2> starts = Lanes<2>::Constant(2, count, 2);  // column k: trajectory k
  Lanes<2> parameters(2, count);
  for (int k = 0; k < count; ++k) parameters.col(k) << 1 + 1e-4 * k, 1;
  const auto run = solve_ode_lanes(lotka_volterra,
                                   Tsit5{.rtol = 1e-8, .atol = 1e-8},
                                   starts,
                                   parameters,
                                   0.0,
                                   10.0,
                                   {.save_at = {5, 10}});
  std::cout << "prey at t = 5: " << run.states[0](0, 0) << " to " << run.states[0](0, count - 1)
            << '\n'
            << "trajectory 0 " << run.outcomes[0].message() << '\n';

  // Van der Pol's oscillator is stiff for large mu.
  const auto van_der_pol = [](const auto& x, const auto&, const auto& mu) {
    using X = std::decay_t<decltype(x)>;
    return X(x[1], mu[0] * (1 - x[0] * x[0]) * x[1] - x[0]);
  };
  Lanes<1> mu(1, 5);
  mu << 1, 10, 100, 1000, 10000;
  starts.resize(2, 5);
  starts.colwise() = Vector<double, 2>(2, 0);
  const auto stiff =
      solve_ode_lanes(van_der_pol, Rodas4{.rtol = 1e-7, .atol = 1e-9}, starts, mu, 0.0, 100.0);
  for (int k = 0; k < 5; ++k) {
    std::cout << "mu = " << mu(0, k) << ": x = " << stiff.x(0, k) << '\n';
  }
}
// [/snippet]
