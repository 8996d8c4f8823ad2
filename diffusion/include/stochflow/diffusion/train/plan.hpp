#pragma once

// What a training run does at each step, as a pure function of its settings and the step's number:
// learning rate, images, noise levels. Score networks (trainer.hpp) and classifiers
// (classifier_trainer.hpp) follow the same plan.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stochflow::diffusion {

/// optimiser.hpp
enum class Optimiser { adam, muon };
std::string name(Optimiser optimiser);
/// Throws std::invalid_argument naming the known ones.
Optimiser optimiser_named(const std::string& name);

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
  Optimiser optimiser = Optimiser::adam;
  double momentum = 0.95;  // of Muon
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
  /// Weights in the loss of equal slices of [gamma_min, gamma_max]. Empty: all 1, the bound.
  std::vector<double> slice_weights = {};
  bool mixed_precision = false;
  /// Share of the labels withheld when a network that knows classes is trained.
  double unlabelled = 0.15;
};

/// The value of the slice, of equal slices of [gamma_min, gamma_max], that each gamma [B] lies in:
/// [B] float64.
at::Tensor slice_values(const std::vector<double>& values,
                        const at::Tensor& gamma,
                        double gamma_min,
                        double gamma_max);

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

/// Learning rate of step `step` (0-based): linear rise, then a half cosine to zero.
double learning_rate_at(const TrainSettings& settings, std::int64_t step);

/// The images of step `step`: every epoch is a permutation drawn from (seed, epoch); [batch] int64.
at::Tensor batch_indices(std::uint64_t seed, std::int64_t step, std::int64_t batch, std::int64_t n);

/// Text of the settings as JSON, for records.
std::string to_json(const TrainSettings& settings);
/// Throws std::invalid_argument when something is missing or of another type.
TrainSettings train_settings_from_json(const std::string& text);

}  // namespace stochflow::diffusion
