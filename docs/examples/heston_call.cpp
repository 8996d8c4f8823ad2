// Finance: the price of a call under Heston's model.
// [snippet]
#include "stochflow/models/heston_call.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
using namespace stochflow;

int main() {
  const Heston market;
  const double spot = 100, variance = 0.04, strike = 100, t1 = 1;
  const auto payoff = [&](const Vector<double, 2>& x) {  // x = (log of the share, its variance)
    const double value = std::max(std::exp(x[0]) - strike, 0.0);
    return std::vector<double>{std::exp(-market.r * t1) * value};
  };
  for (const std::int64_t steps : {4, 16, 64}) {
    const auto result = simulate(market,
                                 EulerMaruyama{},
                                 Vector<double, 2>(std::log(spot), variance),
                                 uniform_grid(0, t1, steps),
                                 {.trajectories = 100000, .seed = 1},
                                 payoff);
    const Moments& call = result.moments.back()[0];
    std::cout << steps << " steps: " << call.mean() << " +- " << call.mean_standard_error() << '\n';
  }
  std::cout << "exact:   " << heston_call(market, spot, variance, strike, t1) << '\n';
}
// [/snippet]
