#pragma once

#include <span>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

/// Langevin steps y + e score + sqrt(2 e) n at every noise level, e = step sigma^2.
struct Annealing {
  int steps_per_level = 100;
  double step = 0.2;  // the published 2e-5 (sigma/sigma_L)^2 at sigma_L = 0.01
};

/// Annealed Langevin dynamics: at each level in turn enough Langevin steps to forget the one
/// before. No time is integrated, so the levels may be few (10 in the paper); the steps are biased,
/// towards too much noise, by about step/2 of the variance. Song and Ermon 2019, algorithm 1.
Samples sample_annealed_langevin(const NoisePredictor& model,
                                 const Schedule& schedule,
                                 const Draw& draw,
                                 std::span<const double> times,
                                 const Annealing& annealing = {},
                                 const SampleOptions& options = {});

}  // namespace stochflow::diffusion
