// Shares an ensemble out with an installed stochflow::mpi; exit code 0 when the answer is right.

#include "stochflow/ensemble/mpi.hpp"

#include <cmath>
#include <iostream>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

int main() {
  using namespace stochflow;
  double z = 1e9;
  mpi::run([&](const mpi::Ranks& ranks) {
    const OrnsteinUhlenbeck problem;
    const EnsembleOptions options{
        .trajectories = 4000, .seed = 5, .reduction = in_rounds(ranks, {})};
    const auto grid = uniform_grid(0, 1, 500);
    const Moments x = simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options).moments[0][0];
    z = (x.mean() - problem.mean(1, 1)) / x.mean_standard_error();
    if (ranks.rank() == 0) {
      std::cout << "mean " << x.mean() << ", " << z << " standard errors off\n";
    }
  });
  return std::abs(z) < 6 ? 0 : 1;
}
