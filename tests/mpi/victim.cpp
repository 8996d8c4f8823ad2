// victim RESULT CHECKPOINT RANK TRAJECTORIES: an ensemble with a checkpoint, of which RANK is
// killed by the signal that cannot be caught once TRAJECTORIES are done by its count; -1: nobody.
// Rank 0 writes the bits of the result to RESULT. killed.cmake plays with it.

#include <csignal>
#include <fstream>
#include <iostream>
#include <string>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/mpi.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/heston.hpp"

int main(int argc, char** argv) {
  using namespace stochflow;
  if (argc != 5) return 2;
  const int victim = std::stoi(argv[3]);
  const std::int64_t until = std::stoll(argv[4]);
  try {
    mpi::run([&](const mpi::Ranks& ranks) {
      std::int64_t seen = 0;
      const auto observe = [&](const Vector<double, 2>& x) {
        if (ranks.rank() == victim && ++seen > until) std::raise(SIGKILL);
        return std::vector<double>{x[0], x[1]};
      };
      const EnsembleOptions options{
          .trajectories = 30001,
          .seed = 9,
          .threads = 1,
          .keep_values = true,
          .reduction = in_rounds(ranks, {.checkpoint = argv[2], .round_seconds = 0})};
      const auto result = simulate_lanes(Heston{},
                                         EulerMaruyama{},
                                         Vector<double, 2>(0, 0.04),
                                         uniform_grid(0, 1, 16),
                                         options,
                                         observe);
      if (ranks.rank() != 0) return;
      ByteWriter out;
      out.write(result);
      std::ofstream(argv[1], std::ios::binary) << out.take();
    });
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
