#pragma once

// Training of a classifier of noisy images by cross-entropy, noise levels uniform in gamma between
// its ends (Dhariwal and Nichol 2021, section 4; Song et al. 2021, section 5). What is random is a
// pure function of (seed, step), as for score networks (plan.hpp).

#include "stochflow/diffusion/nets/classifier.hpp"
#include "stochflow/diffusion/train/optimiser.hpp"
#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::diffusion {

class ClassifierTrainer {
 public:
  /// images [N, C, H, W] uint8, labels [N] uint8. Of the settings, `parts`, `surprise`,
  /// `gamma_slices` and `mixed_precision` do not apply. Throws std::invalid_argument.
  ClassifierTrainer(const ClassifierConfig& config,
                    const TrainSettings& settings,
                    at::Tensor images,
                    at::Tensor labels);

  struct Report {
    std::int64_t step;  // number of steps made, this one included
    double loss;        // cross-entropy of this batch, nats
    double accuracy;    // share of this batch classified right, at all noise levels together
  };
  /// One optimiser step. Throws std::runtime_error when the loss or its gradient is not finite.
  Report step();

  std::int64_t steps_made() const { return step_; }
  /// A copy with the averaged weights.
  Classifier averaged() const;

 private:
  TrainSettings settings_;
  at::Tensor images_, labels_;
  Classifier classifier_;
  OptimiserSlots slots_;
  std::int64_t step_ = 0;
};

}  // namespace stochflow::diffusion
