#pragma once

// The evidence lower bound of a network in bits/dim, by Monte Carlo over noise levels and noise:
//   -log p(x) <= KL(q(z at gamma_max | x) || N(0, 1))
//               + (1/2) int E||eps - eps_hat||^2 dgamma  over [gamma_min, gamma_max]
//               - E log p(x | z at gamma_min),
// with p(x|z) the posterior the network's head describes. Of any other model, and image by image:
// likelihood/denoising_bound.hpp.
// Source: Kingma et al. 2021, equations 11-17. Grey levels as (k + u)/128 - 1 cost 7 bits a value.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace stochflow::diffusion {

class ScoreNetwork;

struct BoundReport {
  double bits_per_dim = 0;
  double standard_error = 0;  // over images
  double prior = 0;           // the three terms, bits/dim; `decoder` includes the 7 bits
  double diffusion = 0;
  double decoder = 0;
  std::vector<double> noise_error;  // mean squared error per value in equal slices of gamma
};

/// levels [N, ...] uint8; each image is seen at `draws` noise levels, spread evenly over the range
/// within every hundred, on `workers` threads. A pure function of (network, levels, seed, draws).
BoundReport evidence_bound(const ScoreNetwork& network,
                           const at::Tensor& levels,
                           std::uint64_t seed,
                           std::int64_t draws = 1,
                           std::int64_t slices = 21,
                           std::int64_t workers = 2);

}  // namespace stochflow::diffusion
