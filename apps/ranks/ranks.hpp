#pragma once

// `mpirun -n R stochflow ...`: the same program on every rank. Rank 0 speaks and writes; the others
// compute their share and are mute.

#include <functional>
#include <string>
#include <vector>

#include "stochflow/ensemble/rounds.hpp"

namespace stochflow::apps {

/// What one rank knows of all, and how they meet.
struct Crew {
  int rank = 0, ranks = 1;  // alone: the only one
  int processors = 1;       // of this rank
  std::function<LeafReduction(const RoundOptions&)> in_rounds;

  using Produce = std::function<std::string()>;
  using Join = std::function<std::string(const std::string& left, const std::string& right)>;
  /// Called by every rank: what `produce` returns on each, joined along the aligned tree of ranks
  /// (0 with 1, 2 with 3, then 0 with 2, ...), on every rank. Where one throws, all do.
  std::function<std::string(const Produce&, const Join&)> meet;

  bool leads() const { return rank == 0; }
};

/// The whole program, in one process.
Crew alone();

/// What `produce` returns on each rank, in their order, on every rank.
std::vector<std::string> gather(const Crew& crew, const Crew::Produce& produce);

/// body(crew) on every rank that a launcher started, or just here. What body throws on any of them,
/// rank 0 throws.
void with_crew(const std::function<void(const Crew&)>& body);

}  // namespace stochflow::apps
