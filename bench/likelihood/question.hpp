#pragma once

// The question: what does the log-likelihood of an image cost with the shipped network, to a solver
// error of 1e-3 bits/dim? Everybody follows the same flow, of the variance-preserving schedule on
// [1e-5, 1], from the same dequantised images, with the same probe for each image.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/noise_predictor.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"

namespace likelihoods {

struct Images {
  at::Tensor x;  // [B, 1, 28, 28] float32, from -1 to 1
  stochflow::diffusion::SampleIds ids;
  std::uint64_t seed = 1;  // of the probes
};

struct Answer {
  std::vector<double> log_density;  // nats, of each image
  double evaluations = 0;           // network evaluations an image, forward passes alone included
};

using Competitor = Answer (*)(const stochflow::diffusion::NoisePredictor& model,
                              const stochflow::diffusion::Schedule& schedule,
                              const Images& images,
                              double tolerance);

/// This library's, steps of each image's own; tolerance: on the state in units of the noise, and
/// 100 or 30 times that in nats on the log density.
Answer adams(const stochflow::diffusion::NoisePredictor& model,
             const stochflow::diffusion::Schedule& schedule,
             const Images& images,
             double tolerance);
Answer dormand_prince(const stochflow::diffusion::NoisePredictor& model,
                      const stochflow::diffusion::Schedule& schedule,
                      const Images& images,
                      double tolerance);
/// tolerance: relative and absolute.
Answer score_sde(const stochflow::diffusion::NoisePredictor& model,
                 const stochflow::diffusion::Schedule& schedule,
                 const Images& images,
                 double tolerance);

}  // namespace likelihoods
