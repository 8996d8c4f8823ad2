// A molecule of two atoms at constant temperature.
// [snippet]
#include <iomanip>
#include <iostream>

#include "stochflow/langevin/diagnostics.hpp"
#include "stochflow/langevin/splitting.hpp"
#include "stochflow/solve.hpp"
using namespace stochflow;

int main() {  // two atoms of mass 1 and a spring: U = k/2 (r - 1)^2, in units of k_B T
  using X = Vector<double, 6>;  // (x, y, z) of one atom, then of the other
  const auto bond_length = [](const X& x) { return (x.tail<3>() - x.head<3>()).matrix().norm(); };
  const auto gradient = [&](const X& x) {
    const double k = 100, pull = k * (1 - 1 / bond_length(x));
    X g;
    g << pull * (x.head<3>() - x.tail<3>()), pull * (x.tail<3>() - x.head<3>());
    return g;
  };
  const UnderdampedLangevin molecule(gradient, 1.0);  // friction 1 per unit of time
  const PhaseSpace start{X(0, 0, 0, 1, 0, 0), X(X::Zero())};
  std::cout << std::fixed << std::setprecision(4);
  const auto grid = uniform_grid(0, 5000, 50000);  // h = 0.1: the bond turns 1.4 rad a step
  for (const char* letters : {"BAOAB", "OBABO"}) {
    ChainValues length(4), temperature(4);
    for (std::size_t run = 0; run < 4; ++run) {
      solve(molecule,
            Splitting(letters),
            start,
            grid,
            PathId{1, run},
            {},
            [&](const auto& s, double t) {
              if (t < 50) return;  // settle first
              length[run].push_back(bond_length(s.x));
              temperature[run].push_back(s.v.square().mean());
            });
    }
    const auto r = summarise(length), T = summarise(temperature);
    std::cout << letters << "  r " << r.mean << " +- " << r.standard_error << "  spread "
              << r.standard_deviation << "  T " << T.mean << " +- " << T.standard_error << '\n';
  }
  std::cout << "exact  r 1.0198            spread 0.0990  T 1\n";
}
// [/snippet]
