#pragma once

// Training of a score network by the continuous-time evidence lower bound: the noise error, uniform
// in gamma = -log SNR, *is* the bound for a linear gamma schedule (Kingma et al. 2021, "Variational
// diffusion models", equation 17; Song et al. 2021, theorem 1).
//
// Everything random (order of the images, dequantisation, noise level, noise, initial weights) is a
// pure function of (seed, step), and the state that is saved holds the rest (weights, both Adam
// moments, average, step), so a resumed run continues bit for bit on the same machine and number of
// threads.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stochflow/diffusion/nets/score_network.hpp"

namespace stochflow::diffusion {

struct TrainSettings {
  std::uint64_t seed = 1;
  std::int64_t steps = 20000;  // the plan; the learning rate reaches zero there
  std::int64_t batch = 128;
  /// Equal parts of the batch, each on a thread of its own; their gradients are added in order.
  /// With LibTorch's own threads set to one, this scales better than its loops do, and does not
  /// collapse when other programs want the cores (oneDNN's barriers spin).
  std::int64_t parts = 2;
  double learning_rate = 1.5e-3;  // the highest
  std::int64_t warm_up = 500;     // steps of linear rise
  double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8;
  double clip = 1;          // of the gradient's norm
  double average = 0.9995;  // of the weights, reached as (1 + n)/(10 + n)
  /// Weight of the surprise (mixture_head.hpp) beside the bound, at the start; it falls to zero as
  /// a half cosine over `surprise_until` of the steps. Its minimum is the bound's, and it teaches
  /// sharp priors that the noise error alone hardly feels at first.
  double surprise = 1;
  double surprise_until = 1;
  /// Relative frequency of equal slices of [gamma_min, gamma_max] among the noise levels drawn; the
  /// loss is weighted by the inverse, so the objective does not change. Empty: uniform.
  std::vector<double> gamma_slices = {};
  bool mixed_precision = false;
};

/// What one step reports.
struct StepReport {
  std::int64_t step;     // number of steps made, this one included
  double bound;          // bits/dim, an estimate from this batch
  double gradient_norm;  // before clipping
  double learning_rate;
};

/// Noise levels of one batch, one in each of `batch` slices of equal probability (which lowers the
/// variance), with the weights that make averages over them averages over a uniform gamma.
struct NoiseLevels {
  at::Tensor gamma;   // [B] float64
  at::Tensor weight;  // [B] float64
};
NoiseLevels draw_noise_levels(double gamma_min,
                              double gamma_max,
                              const std::vector<double>& slices,
                              std::int64_t batch,
                              double u);

class Trainer {
 public:
  /// images [N, C, H, W] uint8. Starts from fresh weights.
  Trainer(const ScoreNetworkConfig& network, const TrainSettings& settings, at::Tensor images);

  /// Before the first step: starts from the weights of a trained network, with blocks added where
  /// this one has more (nets/deepen.hpp). Throws std::invalid_argument when it does not fit.
  void start_from(const ScoreNetwork& trained);

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
  static Trainer load(const std::filesystem::path& file, at::Tensor images);
  /// Another number of steps for the same run: from here on the learning rate follows the new plan.
  void replan(std::int64_t steps);
  void save(const std::filesystem::path& file) const;
  /// Replaces the state by a saved one. Throws std::runtime_error when it belongs to another
  /// network or to settings with another seed, batch or plan.
  void resume(const std::filesystem::path& file);

 private:
  struct Slot {
    at::Tensor weight, first, second, average;
  };

  struct BatchDraw {
    at::Tensor indices;
    NoiseLevels levels;
  };
  struct Part {
    double bound;
    std::vector<at::Tensor> gradients;
  };
  Part run_part(const BatchDraw& draw, std::int64_t first, std::int64_t rows) const;
  void update(const std::vector<at::Tensor>& gradients, double shrink, double rate);

  ScoreNetworkConfig config_;
  TrainSettings settings_;
  at::Tensor images_;
  ScoreNetwork network_;
  std::map<std::string, Slot> slots_;
  std::int64_t step_ = 0;
};

/// Learning rate of step `step` (0-based): linear rise, then a half cosine to zero.
double learning_rate_at(const TrainSettings& settings, std::int64_t step);

/// The images of step `step`: every epoch is a permutation drawn from (seed, epoch); [batch] int64.
at::Tensor batch_indices(std::uint64_t seed, std::int64_t step, std::int64_t batch, std::int64_t n);

/// Text of the settings as JSON, for records; and the network's.
std::string to_json(const TrainSettings& settings);
std::string to_json(const ScoreNetworkConfig& config);
/// Throw std::invalid_argument when something is missing or of another type.
TrainSettings train_settings_from_json(const std::string& text);
ScoreNetworkConfig network_config_from_json(const std::string& text);

}  // namespace stochflow::diffusion
