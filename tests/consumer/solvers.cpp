// Solves an equation with an installed stochflow::solvers; exit code 0 when the answer is right.

#include <cmath>
#include <iostream>

#include "stochflow/ensemble/ensemble.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

int main() {
  using namespace stochflow;
  const OrnsteinUhlenbeck problem;
  const auto grid = uniform_grid(0, 1, 500);
  const auto result =
      simulate(problem, EulerMaruyama{}, 1.0, grid, {.trajectories = 4000, .seed = 5});
  const Moments& x = result.moments.back()[0];
  const double z = (x.mean() - problem.mean(1, 1)) / x.mean_standard_error();
  std::cout << "mean " << x.mean() << ", " << z << " standard errors off\n";
  return std::abs(z) < 6 ? 0 : 1;
}
