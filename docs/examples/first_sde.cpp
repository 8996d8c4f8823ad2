// The README's first program.
// [snippet]
#include <cmath>
#include <iostream>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/milstein.hpp"
using namespace stochflow;

int main() {  // dX = 0.05 X dt + 0.2 X dW, X_0 = 100: the price of a share after one year
  const auto share = ito<Noise::diagonal>([](const auto& x, double) { return 0.05 * x; },
                                          [](const auto& x, double) { return 0.2 * x; });
  const auto grid = uniform_grid(0, 1, 100);
  const auto result = simulate(share, Milstein{}, 100.0, grid, {.trajectories = 100000, .seed = 1});
  const Moments& price = result.moments.back()[0];
  std::cout << "mean " << price.mean() << " +- " << price.mean_standard_error() << '\n'
            << "exact " << 100 * std::exp(0.05) << '\n';
}
// [/snippet]
