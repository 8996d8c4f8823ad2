// docs/ensembles.md: an ensemble in SIMD lanes, and a price to a stated error.
// [snippet]
#include <cmath>
#include <iostream>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/multilevel.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/milstein_derivative_free.hpp"
#include "stochflow/models/heston_call.hpp"
using namespace stochflow;

int main() {
  // One text for a number, a dual number and a SIMD pack; `select` in place of a branch on x.
  const auto logistic =
      ito<Noise::diagonal>([](const auto& x, double) { return 2 * x * (1 - x); },
                           [](const auto& x, double) { return select(x > 0.0, 0.3 * x, 0 * x); });
  const EnsembleOptions options{.trajectories = 100000, .seed = 1};
  const auto grid = uniform_grid(0, 5, 500);
  const auto lanes = simulate_lanes(logistic, MilsteinDerivativeFree{}, 0.1, grid, options);
  const auto alone = simulate(logistic, MilsteinDerivativeFree{}, 0.1, grid, options);
  const Moments& population = lanes.moments[0][0];
  std::cout << "population " << population.mean() << " +- " << population.mean_standard_error()
            << (population.mean() == alone.moments[0][0].mean() ? ", the same bits one by one\n"
                                                                : ", and not the same!\n");

  // A call on Heston's model, strike 100, to a root-mean-square error of 0.02.
  const Heston market{.r = 0.03};
  const auto payoff = [](const auto& x) {
    using std::exp;
    return std::exp(-0.03) * positive_part(exp(x[0]) - 100.0);
  };
  const Vector<double, 2> start(std::log(100.0), 0.04);
  const auto price = multilevel(
      market, EulerMaruyama{}, start, 0, 1, payoff, {.rmse = 0.02, .base_steps = 2, .seed = 1});
  for (const MultilevelRow& row : price.levels) {
    std::cout << row.steps << " steps: " << row.samples << " samples, mean " << row.mean
              << ", variance " << row.variance << '\n';
  }
  std::cout << "price " << price.estimate << " +- " << price.standard_error << ", bias below "
            << price.bias << '\n'
            << "exact " << heston_call(market, 100, 0.04, 100, 1) << '\n';
}
// [/snippet]
