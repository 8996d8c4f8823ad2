// The question: what do ranks gain? Run it under mpirun -n R (docs/scaling.md); every rank computes
// on one thread. In one run, and one after the other in every repetition, because other work on the
// machine comes and goes: the ensemble in one process without MPI, on 1 rank, on R ranks (strong
// scaling), and R times as many trajectories on R ranks (weak scaling). Before any time is taken
// the results must have the same bits. Then the parts of the model of docs/scaling.md: bytes and
// time of a meeting, and what the model says of many ranks.

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/mpi.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/heston.hpp"

namespace {

using namespace stochflow;

constexpr std::int64_t steps = 200, trajectories = 2'000'000;
constexpr int repetitions = 7;

EnsembleResult heston(std::int64_t paths, std::size_t times, const LeafReduction& reduction) {
  const auto grid = uniform_grid(0, 1, steps);
  EnsembleOptions options{.trajectories = paths, .seed = 1, .threads = 1, .reduction = reduction};
  for (std::size_t k = 1; k <= times; ++k) {
    options.save_at.push_back(grid[k * static_cast<std::size_t>(steps) / times]);
  }
  return simulate_lanes(
      Heston{}, EulerMaruyama{}, Vector<double, 2>(std::log(100.0), 0.04), grid, options);
}

std::string bits(const EnsembleResult& result) {
  ByteWriter out;
  out.write(result);
  return out.take();
}

/// Waits for all ranks without using a processor, unlike MPI_Barrier.
void wait_for_all() {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  for (int done = 0; !done;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

double seconds_of(const std::function<void()>& work) {
  wait_for_all();
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The message of a rank whose share is `leaves` leaves from an odd one on, so of many nodes.
std::string share_message(std::size_t times, std::int64_t leaves) {
  const EnsembleResult leaf = heston(256, times, {});
  LeafRange<EnsembleResult> range(1);
  for (std::int64_t k = 0; k < leaves; ++k) range.add(leaf);
  return to_bytes(range);
}

/// Seconds of a meeting to which every rank brings the message and from which it takes a short one;
/// nothing is joined.
double meeting_seconds(const mpi::Ranks& ranks, const std::string& message) {
  constexpr int in_a_row = 20;
  double best = 1e9;
  for (int k = 0; k < 20; ++k) {
    best = std::min(best, seconds_of([&] {
                      for (int m = 0; m < in_a_row; ++m) {
                        ranks.meet([&] { return message; },
                                   [](std::string left, const std::string&) { return left; },
                                   [](const std::string& all) { return all.substr(0, 64); });
                      }
                    }));
  }
  return best / in_a_row;
}

/// Seconds to join two messages.
double join_seconds(const std::string& left, std::int64_t leaves, std::size_t times) {
  const EnsembleResult leaf = heston(256, times, {});
  LeafRange<EnsembleResult> next(1 + leaves);
  for (std::int64_t k = 0; k < leaves; ++k) next.add(leaf);
  const std::string right = to_bytes(next);
  double best = 1e9;
  for (int k = 0; k < 200; ++k) {
    const auto start = std::chrono::steady_clock::now();
    LeafRange<EnsembleResult> both = range_from_bytes(left);
    both.append(range_from_bytes(right));
    const std::string joined = to_bytes(both);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!joined.empty()) best = std::min(best, took.count());
  }
  return best;
}

void print_row(const char* what, int ranks, std::int64_t paths, double seconds, double alone) {
  const double work = static_cast<double>(paths) * static_cast<double>(steps);
  const double speed = alone / seconds * static_cast<double>(paths) / trajectories;
  std::printf("| %s | %d | %.3g | %.3f | %.3f | %.2f | %.1f %% |\n",
              what,
              ranks,
              static_cast<double>(paths),
              seconds,
              1e9 * seconds / work,
              speed,
              100 * speed / ranks);
}

/// 10^10 trajectories of 1000 steps, rounds of 10 s; see docs/scaling.md for the letters.
void print_model(double ns_per_step, double meeting_bytes, double join) {
  constexpr double alpha = 2e-6, beta = 10e9;  // of a network: assumed
  constexpr double paths = 1e10, model_steps = 1000, leaf = 256, round = 10;
  const double leaf_seconds = leaf * model_steps * ns_per_step * 1e-9;
  std::printf(
      "\n| ranks | computing, s | rounds | meetings, s | efficiency |\n|---|---|---|---|---|\n");
  for (const double ranks : {1.0, 16.0, 256.0, 1024.0, 4096.0, 16384.0}) {
    const double computing = std::ceil(paths / leaf / ranks) * leaf_seconds;
    const double rounds = 5 + std::ceil(computing / round);
    const double meetings =
        rounds * std::ceil(std::log2(ranks)) * (4 * alpha + meeting_bytes / beta + join);
    const double ideal = paths / leaf * leaf_seconds / ranks;
    // A round ends with its slowest rank: the leaf by which shares differ.
    const double total = computing + meetings + rounds * leaf_seconds;
    std::printf("| %.0f | %.4g | %.0f | %.2g | %.2f %% |\n",
                ranks,
                computing,
                rounds,
                meetings,
                100 * ideal / total);
  }
}

void measure(const mpi::Ranks& all) {
  const bool leads = all.rank() == 0;
  MPI_Comm first_only = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, leads ? 0 : MPI_UNDEFINED, 0, &first_only);
  std::optional<mpi::Ranks> one;
  if (leads) one.emplace(first_only);
  const std::int64_t weak = trajectories * all.size();

  double plain = 1e9, on_one = 1e9, strong_time = 1e9, weak_time = 1e9;
  const std::string expected = bits(heston(100'000, 1, {}));
  const bool same = bits(heston(100'000, 1, in_rounds(all, {}))) == expected;
  if (!same) throw std::runtime_error("the ranks' result has other bits than one process's");
  for (int k = 0; k < repetitions; ++k) {
    plain = std::min(plain, seconds_of([&] {
                       if (leads) heston(trajectories, 1, {});
                     }));
    on_one = std::min(on_one, seconds_of([&] {
                        if (leads) heston(trajectories, 1, in_rounds(*one, {}));
                      }));
    strong_time =
        std::min(strong_time, seconds_of([&] { heston(trajectories, 1, in_rounds(all, {})); }));
    weak_time = std::min(weak_time, seconds_of([&] { heston(weak, 1, in_rounds(all, {})); }));
  }
  if (leads) {
    std::printf(
        "The same bits. Heston, Euler-Maruyama, %d steps, one thread a rank; best of %d.\n\n",
        static_cast<int>(steps),
        repetitions);
    std::printf("| | ranks | trajectories | s | ns a step | speed | efficiency |\n");
    std::printf("|---|---|---|---|---|---|---|\n");
    print_row("no MPI", 1, trajectories, plain, plain);
    print_row("one rank", 1, trajectories, on_one, plain);
    print_row("strong", all.size(), trajectories, strong_time, plain);
    print_row("weak", all.size(), weak, weak_time, plain);
    std::printf("\n| save times | leaves of a share | bytes | meeting, us | join, us |\n");
    std::printf("|---|---|---|---|---|\n");
  }
  double model_bytes = 0, model_join = 0;
  for (const std::size_t times : {std::size_t{1}, std::size_t{100}}) {
    for (const std::int64_t leaves :
         {std::int64_t{1}, std::int64_t{1} << 10, std::int64_t{1} << 16}) {
      const std::string message = share_message(times, leaves);
      const double meeting = meeting_seconds(all, message);
      const double join = join_seconds(message, leaves, times);
      if (leads) {
        std::printf("| %zu | %lld | %zu | %.1f | %.1f |\n",
                    times,
                    static_cast<long long>(leaves),
                    message.size(),
                    1e6 * meeting,
                    1e6 * join);
      }
      model_bytes = static_cast<double>(message.size());
      model_join = join;
    }
  }
  if (leads) {
    print_model(1e9 * plain / (trajectories * steps), model_bytes, model_join);
    one.reset();
    MPI_Comm_free(&first_only);
  }
}

}  // namespace

int main() {
  try {
    mpi::run(measure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
