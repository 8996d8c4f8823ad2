// docs/ensembles.md: an ensemble on the ranks of MPI, with a checkpoint.
// [snippet]
#include <iostream>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/mpi.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/heston.hpp"
using namespace stochflow;

int main() {
  mpi::run([](const mpi::Ranks& ranks) {
    const Vector<double, 2> start(0, 0.04);                            // log-price and variance
    const RoundOptions rounds{.checkpoint = "", .round_seconds = 60};  // a file name, for long runs
    const EnsembleOptions options{
        .trajectories = 100000, .seed = 1, .reduction = in_rounds(ranks, rounds)};
    const auto grid = uniform_grid(0, 1, 100);
    const auto result = simulate_lanes(Heston{}, EulerMaruyama{}, start, grid, options);
    if (ranks.rank() != 0) return;
    const Moments& log_price = result.moments[0][0];
    std::cout << "log-price " << log_price.mean() << " +- " << log_price.mean_standard_error()
              << '\n';
  });
}
// [/snippet]
