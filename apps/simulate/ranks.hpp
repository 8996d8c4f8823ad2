#pragma once

// `mpirun -n R stochflow simulate ...`: the same program on every rank. Rank 0 speaks and writes;
// the others compute their share and are mute.

#include <functional>
#include <string>

#include "stochflow/ensemble/rounds.hpp"

namespace stochflow::apps {

/// What one rank knows of all.
struct Crew {
  bool leads = true;  // rank 0, or the only process
  int ranks = 1;
  std::function<LeafReduction(const RoundOptions&)> in_rounds;
};

/// body(crew) on every rank that a launcher started, or just here. What body throws on any of them,
/// rank 0 throws.
void with_crew(const std::function<void(const Crew&)>& body);

}  // namespace stochflow::apps
