#pragma once

// What a sampler on a fixed grid of times is made of, apart from its own step: write one by looping
// over `steps()` and moving y from one noise level to the next. Everything is said in the variables
// of Karras et al. 2022, y = x/alpha against the noise-to-signal ratio sigma, in which every
// schedule looks alike:  y = x0 + sigma eps,  score = (D - y)/sigma^2,  D = E[x0 | y].

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <cstdint>
#include <span>
#include <vector>

#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {

class GridRun {
 public:
  /// Visits the times t1 > ... > t0. Refers to model, schedule, draw and options: all must outlive
  /// it. Throws std::invalid_argument for times that do not decrease.
  GridRun(const NoisePredictor& model,
          const Schedule& schedule,
          const Draw& draw,
          std::span<const double> times,
          const SampleOptions& options);

  std::size_t steps() const { return levels_.size() - 1; }
  const Level& level(std::size_t k) const { return levels_[k]; }
  /// sigma at times[k]
  double sigma(std::size_t k) const { return levels_[k].sigma_hat(); }

  /// y at the first time, from the prior.
  at::Tensor start();
  /// D(y, sigma): one evaluation of the model.
  at::Tensor denoised(const at::Tensor& y, double sigma);
  /// Standard normals like y, the j-th draw (0 to 65535) of step k.
  at::Tensor noise(std::size_t k, std::uint64_t j = 0) const;
  /// To be called with y at times[k] as it gets there; tells the observer.
  void arrive(std::size_t k, const at::Tensor& y);
  /// The samples x, from y at the last time.
  Samples finish(const at::Tensor& y);

 private:
  c10::NoGradGuard no_gradients_;
  const NoisePredictor& model_;
  const Schedule& schedule_;
  const Draw& draw_;
  const SampleOptions& options_;
  std::vector<Level> levels_;
  RandomStream normals_;
  at::Tensor like_;
  std::int64_t nfe_ = 0;
};

}  // namespace stochflow::diffusion
