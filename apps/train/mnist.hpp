#pragma once

// `stochflow train mnist`: what may be asked of it (mnist.cpp has the command line) and the
// training itself (mnist_run.cpp).

#include <string>
#include <vector>

#include "data.hpp"
#include "ranks/ranks.hpp"
#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::apps {

// More of the noise levels where there is something to learn: below gamma = -11 the head's Bayes
// rule does the work, above 3 there is little left to predict. The loss is reweighted.
inline const std::vector<double> learnable_levels = {0.35, 0.35, 0.5, 0.5, 0.75, 1,   1,
                                                     1.2,  1.3,  1.3, 1.3, 1.3,  1.3, 1.3,
                                                     1.2,  1,    1,   0.8, 0.6,  0.5, 0.4};

struct MnistTraining {
  std::string data = data_folder().string();
  std::string out = "runs/mnist";
  std::string json;
  std::string head = "mixture-posterior";
  std::string optimiser = "muon";
  std::string precision = "auto";
  bool resume = false;
  bool new_plan = false;  // --steps was given
  std::int64_t steps = 18000;
  double epochs = 0;
  std::int64_t channels = 64, deep_channels = 96;
  std::int64_t blocks = 3, deep_blocks = 3;
  bool classes = false, colours = false;
  std::string from;      // a network to start from
  std::string palettes;  // a file of them for the head
  bool half = false;
  double checkpoint_minutes = 3;
  diffusion::TrainSettings settings = {
      .learning_rate = 2e-3, .warm_up = 300, .average = 0.999, .gamma_slices = learnable_levels};
};

/// Trains as asked, or continues; every rank calls it. Throws std::runtime_error, UsageError.
void train_on_mnist(const MnistTraining& asked, const Crew& crew);

}  // namespace stochflow::apps
