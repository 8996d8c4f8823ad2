#include "stochflow/ensemble/rounds.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"

namespace stochflow {
namespace {

namespace fs = std::filesystem;

const GeometricBrownianMotion problem;
const std::vector<double> grid = uniform_grid(0, 1, 8);

std::string bytes_of(const EnsembleResult& result) {
  ByteWriter out;
  out.write(result);
  return out.take();
}

EnsembleResult run(const EnsembleOptions& options, double x0 = 1) {
  return simulate_lanes(problem, EulerMaruyama{}, x0, grid, options);
}

class Rounds : public ::testing::Test {
 protected:
  Rounds() { fs::create_directories(folder_); }
  ~Rounds() override { fs::remove_all(folder_); }

  EnsembleOptions options(double round_seconds = 0) const {
    EnsembleOptions options = plain_;
    options.reduction = in_rounds({.checkpoint = file_, .round_seconds = round_seconds});
    return options;
  }
  /// Stops in the middle, as an exception from anywhere would.
  void interrupt() const {
    EnsembleOptions stopping = options();
    stopping.progress = [](std::int64_t done) {
      if (done > 20000) throw std::runtime_error("stop");
    };
    EXPECT_THROW(run(stopping), std::runtime_error);
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("stochflow-rounds." + std::to_string(::getpid()));
  const fs::path file_ = folder_ / "run.checkpoint";
  const EnsembleOptions plain_{.trajectories = 40001,
                               .seed = 3,
                               .threads = 2,
                               .save_at = {0.5, 1},
                               .keep_values = true,
                               .quantile_buffer = 64};
};

TEST_F(Rounds, DoNotChangeABit) {
  const std::string whole = bytes_of(run(plain_));
  for (const double seconds : {0.0, 0.001, 10.0}) {
    EnsembleOptions in_parts = plain_;
    in_parts.reduction = in_rounds({.round_seconds = seconds});
    EXPECT_EQ(bytes_of(run(in_parts)), whole) << seconds;
    in_parts.threads = 1;
    EXPECT_EQ(bytes_of(run(in_parts)), whole) << seconds;
  }
}

TEST_F(Rounds, AnInterruptedRunResumesToTheSameBits) {
  interrupt();
  ASSERT_TRUE(fs::exists(file_));
  std::int64_t first_seen = 0;
  EnsembleOptions resumed = options(10);
  resumed.progress = [&](std::int64_t done) {
    if (first_seen == 0) first_seen = done;
  };
  EXPECT_EQ(bytes_of(run(resumed)), bytes_of(run(plain_)));
  EXPECT_GT(first_seen, 10000) << "it began from the beginning";
  // The file of a finished run holds its result.
  resumed.progress = [](std::int64_t) { FAIL() << "nothing was left to do"; };
  EXPECT_EQ(bytes_of(run(resumed)), bytes_of(run(plain_)));
  EXPECT_FALSE(fs::exists(folder_ / "run.checkpoint.partial"));
}

TEST_F(Rounds, ACheckpointOfAnotherEnsembleIsRefused) {
  interrupt();
  EnsembleOptions other = options();
  other.seed = 4;
  EXPECT_THROW(run(other), std::invalid_argument);
  other = options();
  other.trajectories = 50000;
  EXPECT_THROW(run(other), std::invalid_argument);
  EXPECT_THROW(run(options(), 1.5), std::invalid_argument);  // what only the first leaf tells
}

TEST_F(Rounds, ADamagedCheckpointIsRefused) {
  interrupt();
  const auto size = fs::file_size(file_);
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('\x55').put('\xaa');
  }
  EXPECT_THROW(run(options()), std::runtime_error);
  for (const std::uintmax_t kept : {size - 1, std::uintmax_t{12}, std::uintmax_t{0}}) {
    fs::resize_file(file_, kept);
    EXPECT_THROW(run(options()), std::runtime_error) << kept;
  }
}

TEST_F(Rounds, ACheckpointThatCannotBeWrittenIsAnError) {
  EnsembleOptions nowhere = plain_;
  nowhere.reduction = in_rounds({.checkpoint = folder_ / "missing" / "run.checkpoint"});
  EXPECT_THROW(run(nowhere), std::runtime_error);
  EXPECT_THROW(in_rounds({.round_seconds = -1}), std::invalid_argument);
}

TEST(RoundLengths, GrowAndShrinkWithTheTimeTheyTake) {
  EXPECT_EQ(detail::next_round(100, 1, 2), 200);
  EXPECT_EQ(detail::next_round(100, 1, 1000), 800);
  EXPECT_EQ(detail::next_round(100, 1000, 1), 13);
  EXPECT_EQ(detail::next_round(1, 1, 0), 1);
}

TEST(Stretches, AreSharedOutEvenly) {
  for (const std::int64_t leaves : {0, 1, 5, 64, 1001}) {
    for (const int size : {1, 2, 3, 7}) {
      const detail::Stretch all{17, 17 + leaves};
      std::int64_t next = all.first;
      for (int rank = 0; rank < size; ++rank) {
        const auto share = all.share(rank, size);
        EXPECT_EQ(share.first, next);
        EXPECT_LE(std::abs((share.last - share.first) * size - leaves), size);
        next = share.last;
      }
      EXPECT_EQ(next, all.last);
    }
  }
}

TEST(ResultBytes, GiveBackEveryMember) {
  EnsembleResult result =
      run({.trajectories = 300, .save_at = {0, 1}, .keep_values = true, .quantile_buffer = 16});
  result.ends.resize(1);
  result.ends[0].add(0.25);
  result.noted.resize(2);
  result.noted[1].add(0.5);
  result.failures = 1;
  result.first_failures = {{7, {.status = Status::not_finite, .t = 0.5, .step = 4}}};
  LeafRange<EnsembleResult> range(5);
  range.add(result);
  range.add(result);
  const LeafRange<EnsembleResult> back = range_from_bytes(to_bytes(range));
  EXPECT_EQ(to_bytes(back), to_bytes(range));
  EXPECT_EQ(back.first(), 5);
  EXPECT_EQ(back.last(), 7);
  const EnsembleResult& leaf = back.nodes().at(1).value;
  EXPECT_EQ(leaf.times, result.times);
  EXPECT_EQ(leaf.values, result.values);
  EXPECT_EQ(leaf.moments[1][0].mean(), result.moments[1][0].mean());
  EXPECT_EQ(leaf.quantiles[1][0].members(), result.quantiles[1][0].members());
  EXPECT_EQ(leaf.ends[0].mean(), 0.25);
  EXPECT_EQ(leaf.noted[1].mean(), 0.5);
  EXPECT_EQ(leaf.trajectories, 300);
  EXPECT_EQ(leaf.failures, 1);
  EXPECT_EQ(leaf.first_failures[0].trajectory, 7);
  EXPECT_EQ(leaf.first_failures[0].outcome.message(), result.first_failures[0].outcome.message());
  const std::string bytes = to_bytes(range);
  for (std::size_t kept = 0; kept < bytes.size(); kept += 97) {
    EXPECT_THROW(range_from_bytes(std::string_view(bytes).substr(0, kept)), std::runtime_error);
  }
}

}  // namespace
}  // namespace stochflow
