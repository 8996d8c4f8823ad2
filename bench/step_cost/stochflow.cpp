// This library: `solve` along the counter-based path of each trajectory.

#include "question.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/solve.hpp"

namespace step_cost {

double stochflow_solve(std::uint64_t seed, int paths) {
  const stochflow::GeometricBrownianMotion problem{.mu = mu, .sigma = sigma};
  const auto grid = stochflow::uniform_grid(0, 1, steps);
  double sum = 0;
  for (int k = 0; k < paths; ++k) {
    const stochflow::PathId id{seed, static_cast<std::uint64_t>(k)};
    sum += stochflow::solve(problem, stochflow::EulerMaruyama{}, 1.0, grid, id).x;
  }
  return sum;
}

}  // namespace step_cost
