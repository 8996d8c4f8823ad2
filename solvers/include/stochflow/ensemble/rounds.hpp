#pragma once

// A long ensemble in rounds: `options.reduction = in_rounds({.checkpoint = "run.checkpoint"})`
// makes `simulate` and `simulate_lanes` store what is done every so often and go on from there when
// they are called again, killed or not. With the ranks of ensemble/mpi.hpp, `in_rounds(ranks,
// ...)`, every round is also shared out among processes, which then meet and agree on how it went.
//
// A round is a stretch of leaves of the aligned tree (ensemble/reduction.hpp), each rank takes an
// equal part of it, and parts of neighbouring ranks combine pairwise. So the result has the same
// bits whatever the number of ranks and threads, the length of the rounds and the interruptions.
// For an ensemble of seconds, in one process, none of this is needed.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "stochflow/ensemble/checkpoint.hpp"
#include "stochflow/ensemble/reduction.hpp"
#include "stochflow/ensemble/result.hpp"
#include "stochflow/ensemble/result_bytes.hpp"

namespace stochflow {

struct RoundOptions {
  /// Written after every round, read when it exists, kept at the end; empty: none. With
  /// keep_values it holds all values, and writing them takes its time.
  std::filesystem::path checkpoint = {};
  /// The length aimed at. What a round has computed is lost when the run is killed in it, and a
  /// failing rank is noticed at its end.
  double round_seconds = 10;
};

/// One process, as a crew of ranks.
///
/// A crew has rank(), size(), processors() (those this rank may use) and meet(produce, join,
/// conclude), which every rank calls: the bytes that produce() returns on each are joined with
/// those of the ranks after it, join(left, right), rank 0 turns them into conclude(all), and every
/// rank gets that. Where one of the three throws, every rank does.
class OneProcess {
 public:
  int rank() const { return 0; }
  int size() const { return 1; }
  int processors() const {
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }
  template <class Produce, class Join, class Conclude>
  std::string meet(const Produce& produce, const Join&, const Conclude& conclude) const {
    return conclude(produce());
  }
};

namespace detail {

/// The leaves [first, last).
struct Stretch {
  std::int64_t first = 0, last = 0;

  bool empty() const { return first == last; }
  /// The part of one of `size` ranks.
  Stretch share(int rank, int size) const {
    const auto cut = [&](std::int64_t k) {
      return first + (last - first) / size * k + (last - first) % size * k / size;
    };
    return {cut(rank), cut(rank + 1)};
  }
};

/// How many leaves make the next round.
inline std::int64_t next_round(std::int64_t leaves, double seconds, double wanted) {
  const double factor = std::clamp(wanted / std::fmax(seconds, 1e-6), 0.125, 8.0);
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(leaves) * factor));
}

/// One ensemble in the hands of a crew.
template <class Crew>
class RoundRun {
 public:
  using Clock = std::chrono::steady_clock;
  using MakeLeaf = std::function<EnsembleResult(std::int64_t)>;

  RoundRun(const Crew& crew,
           const RoundOptions& rounds,
           std::int64_t leaves,
           const EnsembleOptions& options,
           const MakeLeaf& make_leaf)
      : crew_(crew),
        rounds_(rounds),
        leaves_(leaves),
        options_(options),
        make_leaf_(make_leaf),
        threads_(options.threads > 0 ? options.threads : crew.processors()),
        least_(std::int64_t{crew.size()} * threads_) {}

  EnsembleResult run() {
    begin();
    while (!round_.empty()) play();
    return std::move(result_);
  }

 private:
  /// Rank 0 reads the checkpoint; all agree on the question and on the first round.
  void begin() {
    read(crew_.meet([&] { return question_bytes(options_); },
                    [](std::string left, const std::string& right) {
                      if (left != right) {
                        throw std::invalid_argument(
                            "the ranks were asked for different ensembles: trajectories, seed, "
                            "save_at, keep_values and quantile_buffer must be the same on all");
                      }
                      return left;
                    },
                    [&](const std::string&) {
                      if (!rounds_.checkpoint.empty()) {
                        checkpoint_.emplace(rounds_.checkpoint, options_, make_leaf_(0));
                        done_ = checkpoint_->load();
                      }
                      return announce(least_);
                    }));
  }

  /// One round: compute, join, store, and agree on the next.
  void play() {
    const auto start = Clock::now();
    read(crew_.meet(
        [&] { return to_bytes(computed(round_.share(crew_.rank(), crew_.size()))); },
        [](const std::string& left, const std::string& right) {
          LeafRange<EnsembleResult> both = range_from_bytes(left);
          both.append(range_from_bytes(right));
          return to_bytes(both);
        },
        [&](const std::string& all) {
          const std::chrono::duration<double> took = Clock::now() - start;
          done_.append(range_from_bytes(all));
          if (checkpoint_) checkpoint_->save(done_);
          report(done_.last());
          return announce(std::max(
              least_, next_round(round_.last - round_.first, took.count(), rounds_.round_seconds)));
        }));
  }

  LeafRange<EnsembleResult> computed(const Stretch& share) const {
    return reduce_leaves<EnsembleResult>(
        share.first, share.last, threads_, make_leaf_, [&](const auto& joined) {
          // Shares are equal but for a leaf, so rank 0's stands for all.
          if (crew_.rank() != 0) return;
          report(
              std::min(round_.first + (joined.last() - share.first) * crew_.size(), round_.last));
        });
  }

  void report(std::int64_t leaves) const {
    if (options_.progress) options_.progress(std::min(leaves * leaf_size, options_.trajectories));
  }

  /// What rank 0 tells all: the next round, of so many leaves if there are, or the result. The
  /// values stay on rank 0, because nobody else needs them and they may be large.
  std::string announce(std::int64_t leaves) {
    const std::int64_t first = done_.last(), left = leaves_ - first;
    ByteWriter out;
    out.write(first);
    out.write(leaves + leaves / 2 >= left ? leaves_ : first + leaves);
    if (left == 0) {
      result_ = done_.total();
      auto values = std::exchange(result_.values, {});
      out.write(result_);
      result_.values = std::move(values);
    }
    return out.take();
  }

  void read(const std::string& announced) {
    ByteReader in(announced);
    in.read(round_.first);
    in.read(round_.last);
    if (round_.empty() && crew_.rank() != 0) in.read(result_);
  }

  const Crew& crew_;
  const RoundOptions& rounds_;
  const std::int64_t leaves_;
  const EnsembleOptions& options_;
  const MakeLeaf& make_leaf_;
  const int threads_;
  const std::int64_t least_;  // leaves of a round, so that every thread has one
  Stretch round_;
  EnsembleResult result_;
  // Of rank 0:
  LeafRange<EnsembleResult> done_;
  std::optional<EnsembleCheckpoint> checkpoint_;
};

}  // namespace detail

/// The reduction of an ensemble by the ranks of a crew, which must outlive it and of which each
/// calls `simulate` with the same arguments. Rank 0 gets the whole result, the others all of it but
/// `values`. Throws what checkpoint.hpp says, and on every rank when one of them failed.
template <class Crew>
LeafReduction in_rounds(const Crew& crew, const RoundOptions& rounds) {
  if (!(rounds.round_seconds >= 0)) {
    throw std::invalid_argument("in_rounds: round_seconds must not be negative, found " +
                                std::to_string(rounds.round_seconds));
  }
  return [&crew, rounds](std::int64_t leaves,
                         const EnsembleOptions& options,
                         const std::function<EnsembleResult(std::int64_t)>& make_leaf) {
    return detail::RoundRun<Crew>(crew, rounds, leaves, options, make_leaf).run();
  };
}

/// The same in one process.
inline LeafReduction in_rounds(const RoundOptions& rounds) {
  static constexpr OneProcess alone;
  return in_rounds(alone, rounds);
}

}  // namespace stochflow
