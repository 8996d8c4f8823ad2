// Run by mpiexec on 1, 2 and 3 ranks: every test runs on every rank.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/mpi.hpp"
#include "stochflow/events/event.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"

namespace stochflow {
namespace {

const mpi::Ranks* ranks = nullptr;
const GeometricBrownianMotion problem;
const std::vector<double> grid = uniform_grid(0, 1, 8);

std::string bytes_of(const EnsembleResult& result) {
  ByteWriter out;
  out.write(result);
  return out.take();
}

/// What a rank is to get: values are on rank 0 only.
std::string expected(EnsembleResult alone) {
  if (ranks->rank() != 0) alone.values.clear();
  return bytes_of(alone);
}

EnsembleOptions shared(EnsembleOptions options, const RoundOptions& rounds) {
  options.reduction = in_rounds(*ranks, rounds);
  return options;
}

template <class Body>
void expect_failure(int rank, const std::string& reason, const Body& body) {
  try {
    body();
    ADD_FAILURE() << "rank " << ranks->rank() << " noticed nothing";
  } catch (const mpi::RankFailure& failure) {
    EXPECT_EQ(failure.rank(), rank);
    EXPECT_NE(std::string(failure.what())
                  .find("rank " + std::to_string(rank) + " of " + std::to_string(ranks->size())),
              std::string::npos)
        << failure.what();
    EXPECT_NE(std::string(failure.what()).find(reason), std::string::npos) << failure.what();
  }
}

// 0, 1 and 2 leaves are fewer than ranks; 40001 trajectories are 157 leaves, the last of them with
// a single trajectory.
TEST(MpiEnsemble, HasTheBitsOfOneProcess) {
  for (const std::int64_t trajectories : {1, 300, 40001}) {
    const EnsembleOptions alone{
        .trajectories = trajectories, .seed = 3, .save_at = {0.5, 1}, .keep_values = true};
    const auto lanes = simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, alone);
    const auto single = simulate(problem, EulerMaruyama{}, 1.0, grid, alone);
    for (const int threads : {0, 1, 2, 3}) {
      for (const double seconds : {0.0, 10.0}) {
        EnsembleOptions options = shared(alone, {.round_seconds = seconds});
        options.threads = threads;
        EXPECT_EQ(bytes_of(simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options)),
                  expected(lanes))
            << trajectories << ' ' << threads << ' ' << seconds;
        EXPECT_EQ(bytes_of(simulate(problem, EulerMaruyama{}, 1.0, grid, options)),
                  expected(single))
            << trajectories << ' ' << threads << ' ' << seconds;
      }
    }
  }
}

TEST(MpiEnsemble, EventsAndFailedTrajectoriesTravel) {
  const auto explosive = ito<Noise::scalar>([](const auto& x, double) { return x * x * x; },
                                            [](const auto& x, double) { return 0.5 * x; });
  const auto fine = uniform_grid(0, 1, 64);
  const auto watched = events(terminal_event([](const auto& x, double) { return x - 1.5; }),
                              noted_event([](const auto& x, double) { return x - 0.8; }));
  const EnsembleOptions alone{.trajectories = 3000, .seed = 5};
  const EnsembleOptions options = shared(alone, {.round_seconds = 0});
  const auto ended = simulate(explosive, EulerMaruyama{}, 0.6, fine, alone, watched);
  ASSERT_GT(ended.ends[0].count(), 0);
  ASSERT_GT(ended.noted[1].count(), 0);
  EXPECT_EQ(bytes_of(simulate(explosive, EulerMaruyama{}, 0.6, fine, options, watched)),
            expected(ended));
  const auto failing = simulate(explosive, EulerMaruyama{}, 0.6, fine, alone);
  ASSERT_GT(failing.failures, 10);
  ASSERT_LT(failing.failures, 3000);
  EXPECT_EQ(bytes_of(simulate(explosive, EulerMaruyama{}, 0.6, fine, options)), expected(failing));
}

TEST(MpiEnsemble, ARankThatFailsIsNamedOnAllRanks) {
  for (int culprit = 0; culprit < ranks->size(); ++culprit) {
    const auto observe = [&](double x) {
      if (ranks->rank() == culprit && x > 1.9) throw std::runtime_error("no more memory here");
      return std::vector<double>{x};
    };
    const EnsembleOptions options = shared({.trajectories = 40000, .seed = 3}, {});
    expect_failure(culprit, "no more memory here", [&] {
      simulate(problem, EulerMaruyama{}, 1.0, grid, options, observe);
    });
    // And they can go on.
    EXPECT_EQ(simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options).trajectories, 40000);
  }
}

TEST(MpiEnsemble, ARankThatFailsOutsideStopsThoseInside) {
  const int culprit = ranks->size() - 1;
  expect_failure(culprit, "no such file", [&] {
    mpi::together(*ranks, [&] {
      if (ranks->rank() == culprit) throw std::runtime_error("no such file");
      simulate_lanes(problem,
                     EulerMaruyama{},
                     1.0,
                     grid,
                     shared({.trajectories = 40000}, {.round_seconds = 0}));
    });
  });
  // Before the ensemble and after it: nothing is left over from the failure.
  mpi::together(*ranks, [] {});
}

TEST(MpiEnsemble, DifferentQuestionsAreRefused) {
  if (ranks->size() == 1) return;
  const EnsembleOptions options =
      shared({.trajectories = 1000, .seed = ranks->rank() == 0 ? 1u : 2u}, {});
  EXPECT_THROW(simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options), mpi::RankFailure);
}

TEST(MpiEnsemble, ProgressIsTheCrews) {
  std::int64_t last = 0;
  EnsembleOptions options = shared({.trajectories = 40000}, {.round_seconds = 0});
  options.progress = [&](std::int64_t done) {
    EXPECT_EQ(ranks->rank(), 0);
    EXPECT_GE(done, last);
    last = done;
  };
  simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options);
  EXPECT_EQ(last, ranks->rank() == 0 ? 40000 : 0);
}

TEST(MpiEnsemble, ACheckpointResumesToTheSameBits) {
  // Rank 0's process names the folder, because all must mean the same.
  const std::string folder = ranks->meet(
      [] {
        return (std::filesystem::temp_directory_path() /
                ("stochflow-mpi." + std::to_string(::getpid())))
            .string();
      },
      [](const std::string& left, const std::string&) { return left; },
      [](const std::string& name) {
        std::filesystem::create_directories(name);
        return name;
      });
  const std::filesystem::path file = std::filesystem::path(folder) / "run.checkpoint";
  const EnsembleOptions alone{.trajectories = 40001, .seed = 3, .keep_values = true};
  EnsembleOptions options = shared(alone, {.checkpoint = file, .round_seconds = 0});
  options.progress = [](std::int64_t done) {
    if (done > 20000) throw std::runtime_error("stop");
  };
  expect_failure(0, "stop", [&] { simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options); });
  std::int64_t first = 0;
  options = shared(alone, {.checkpoint = file});
  options.progress = [&](std::int64_t done) {
    if (first == 0) first = done;
  };
  const auto resumed = simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options);
  EXPECT_EQ(bytes_of(resumed),
            expected(simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, alone)));
  if (ranks->rank() == 0) {
    EXPECT_GT(first, 10000);
  }
  // Only rank 0 looks at the file, so its refusal has to reach all.
  options = shared(alone, {.checkpoint = file});
  options.seed = 4;
  expect_failure(
      0, "another ensemble", [&] { simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options); });
  options = shared(alone, {.checkpoint = file / "below" / "a" / "file"});
  expect_failure(
      0, "cannot write", [&] { simulate_lanes(problem, EulerMaruyama{}, 1.0, grid, options); });
  mpi::together(*ranks, [&] {
    if (ranks->rank() == 0) std::filesystem::remove_all(folder);
  });
}

TEST(MpiRanks, MeetInTheirOrderAndCarryLongMessages) {
  const std::string names = ranks->meet(
      [] { return std::to_string(ranks->rank()); },
      [](const std::string& left, const std::string& right) { return left + " " + right; },
      [](const std::string& all) { return "(" + all + ")"; });
  EXPECT_EQ(names, ranks->size() == 1 ? "(0)" : ranks->size() == 2 ? "(0 1)" : "(0 1 2)");
  const std::string long_one =
      ranks->meet([] { return std::string(3'000'000, static_cast<char>('a' + ranks->rank())); },
                  [](const std::string& left, const std::string& right) { return left + right; },
                  [](const std::string& all) { return all; });
  ASSERT_EQ(long_one.size(), 3'000'000u * static_cast<unsigned>(ranks->size()));
  EXPECT_EQ(long_one.back(), 'a' + ranks->size() - 1);
  EXPECT_GE(ranks->processors(), 1);
}

}  // namespace
}  // namespace stochflow

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  int failed = 1;
  try {
    stochflow::mpi::run([&](const stochflow::mpi::Ranks& all) {
      stochflow::ranks = &all;
      failed = RUN_ALL_TESTS();
    });
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return failed;
}
