#pragma once

// Training of a score network by the continuous-time evidence lower bound: the noise error, uniform
// in gamma = -log SNR, *is* the bound for a linear gamma schedule (Kingma et al. 2021, "Variational
// diffusion models", equation 17; Song et al. 2021, theorem 1).
//
// Everything random (order of the images, dequantisation, noise level, noise, initial weights) is a
// pure function of (seed, step), and the state that is saved holds the rest (weights, the moments,
// average, step), so a resumed run continues bit for bit on the same machine and number of threads.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/train/optimiser.hpp"
#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::diffusion {

/// What one step reports.
struct StepReport {
  std::int64_t step;     // number of steps made, this one included
  double bound;          // bits/dim, an estimate from this batch
  double gradient_norm;  // before clipping
  double learning_rate;
};

/// How the parts of a batch are shared out among processes, each of which has a Trainer with the
/// same settings: this one computes an equal run of them, the `rank`-th. `sum(v)` replaces v [n]
/// float32 by its sum over all ranks along the aligned tree (0 with 1, 2 with 3, then 0 with 2,
/// ...) on every rank.
struct PartsOfRanks {
  int rank = 0, ranks = 1;
  std::function<void(at::Tensor& v)> sum = {};
};

class Trainer {
 public:
  /// images [N, C, H, W] uint8, and for a network that knows classes labels [N] uint8. Starts from
  /// fresh weights.
  Trainer(const ScoreNetworkConfig& network,
          const TrainSettings& settings,
          at::Tensor images,
          at::Tensor labels = {});

  /// Before the first step: starts from the weights of a trained network, with blocks added where
  /// this one has more (nets/deepen.hpp), and from its palettes. Throws std::invalid_argument when
  /// it does not fit.
  void start_from(const ScoreNetwork& trained);
  /// Before the first step: the head knows these palettes in training and afterwards
  /// (ScoreNetwork::take_palettes, which says what it throws).
  void take_palettes(const Palettes& palettes) { network_.take_palettes(palettes); }

  /// From here on this process is one of several, which make every step together and have the same
  /// weights, to the bit those of one process with as many parts in all. Throws
  /// std::invalid_argument where several ranks have not a power of two of parts each.
  void share_parts(PartsOfRanks ranks);

  /// One optimiser step. Throws std::runtime_error when loss or gradient is not finite; the state
  /// is then still that of the last good step.
  StepReport step();

  std::int64_t steps_made() const { return step_; }
  double epochs_seen() const;
  const TrainSettings& settings() const { return settings_; }
  const ScoreNetwork& network() const { return network_; }
  /// A copy of the network with the averaged weights.
  ScoreNetwork averaged() const;

  /// Continues a saved run with the network and the settings it was started with. Throws
  /// std::runtime_error, as `resume` does.
  static Trainer load(const std::filesystem::path& file, at::Tensor images, at::Tensor labels = {});
  /// Another number of steps for the same run: from here on the learning rate follows the new plan.
  void replan(std::int64_t steps);
  void save(const std::filesystem::path& file) const;
  /// Replaces the state by a saved one. Throws std::runtime_error when it belongs to another
  /// network or to settings with another seed, batch or plan.
  void resume(const std::filesystem::path& file);

 private:
  struct BatchDraw {
    at::Tensor indices;
    NoiseLevels levels;
  };
  at::Tensor labels_of(const at::Tensor& images, std::int64_t first, std::uint64_t key) const;
  /// Gradients one after the other, then the bound: [n + 1] float32.
  at::Tensor run_part(const BatchDraw& draw, std::int64_t first, std::int64_t rows) const;

  ScoreNetworkConfig config_;
  TrainSettings settings_;
  at::Tensor images_, labels_;
  ScoreNetwork network_;
  OptimiserSlots slots_;
  PartsOfRanks ranks_;
  std::int64_t step_ = 0;
};

}  // namespace stochflow::diffusion
