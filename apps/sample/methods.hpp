#pragma once

// The samplers, step grids and ODE solvers by the names of the command line.

#include <span>
#include <vector>

#include "sample.hpp"
#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::apps {

/// Draws under a request's options; the fixed-step methods on its grid.
using SampleMethod = diffusion::Samples (*)(const diffusion::NoisePredictor&,
                                            const diffusion::Schedule&,
                                            const diffusion::Draw&,
                                            const SampleRequest&,
                                            const diffusion::SampleOptions&);

/// These throw UsageError, with the valid names, for a name that does not exist.
SampleMethod sample_method(const std::string& name);
std::vector<double> sample_times(const diffusion::Schedule& schedule,
                                 const std::string& grid,
                                 std::int64_t steps);
void check_solver(const std::string& name);

/// The method takes all samples at once and keeps request.batch of them under way.
bool refills(const SampleRequest& request);

std::vector<std::string> grid_names();
std::vector<std::string> ode_solver_names();

}  // namespace stochflow::apps
