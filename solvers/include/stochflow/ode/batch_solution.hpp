#pragma once

// What integrations of many trajectories return: solve_ode_batch (sizes known at run time) and
// solve_ode_lanes (small systems at hardware speed).

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "stochflow/status.hpp"

namespace stochflow {

/// States of several trajectories, [N, L].
template <int N = Eigen::Dynamic>
using Lanes = Eigen::Array<double, N, Eigen::Dynamic>;
/// A number for each of several trajectories, [L].
using LaneRow = Eigen::Array<double, 1, Eigen::Dynamic>;

template <int N = Eigen::Dynamic>
struct OdeBatchSolution {
  Lanes<N> x;                             // the last states, [N, trajectories]
  std::vector<Lanes<N>> states;           // [save times] of [N, trajectories]; NaN: not reached
  std::vector<Outcome> outcomes;          // [trajectories]
  std::vector<std::int64_t> rejected;     // steps, [trajectories]
  std::vector<std::int64_t> evaluations;  // of the field at a trajectory's state, [trajectories]
};

}  // namespace stochflow
