#pragma once

// Networks and training states on disk, in the safetensors format: eight bytes of little-endian
// header length, a JSON header that names every tensor and carries text metadata, then the raw
// numbers. No code is ever executed by loading one. Files are written under a temporary name and
// renamed, so a reader never sees half of one.
// Source: https://github.com/huggingface/safetensors, "Format".

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "stochflow/diffusion/noise_predictor.hpp"

namespace stochflow::diffusion {

class ScoreNetwork;
class Classifier;
struct Palettes;

struct TensorFile {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// float32, float64, int64 and uint8 tensors. Throws std::runtime_error when the file cannot be
/// written.
void write_tensors(const std::filesystem::path& file, const TensorFile& content);

/// Throws std::runtime_error, with the reason in a sentence, for a missing, truncated or
/// inconsistent file.
TensorFile read_tensors(const std::filesystem::path& file);

/// What is known about a shipped network besides its weights.
struct NetworkDescription {
  std::vector<std::int64_t> data_shape;  // {1, 28, 28}
  double gamma_min, gamma_max;           // noise levels it was trained on
  std::string data;                      // "mnist, grey levels (k + u)/128 - 1"
  std::string recipe;                    // JSON of the training settings; empty when unknown
};

struct LoadedNetwork {
  std::shared_ptr<ScoreNetwork> network;
  NetworkDescription description;
};

struct LoadedClassifier {
  std::shared_ptr<Classifier> classifier;
  NetworkDescription description;
};

/// Writes the weights with architecture, palettes (as save_palettes does), description and golden
/// vectors: for fixed z and three noise levels, what eps and its vector-Jacobian product were on
/// this machine. `storage` at::kHalf rounds the weights to 11 bits and halves the file.
void save_score_network(const std::filesystem::path& file,
                        const ScoreNetwork& network,
                        const NetworkDescription& description,
                        at::ScalarType storage = at::kFloat);

/// Rebuilds the network, and refuses with a sentence (std::runtime_error): a file that is not a
/// checkpoint, another architecture's weights, NaN or infinite weights, and a network that does not
/// reproduce its golden vectors to 1e-3. `device` as in "cpu" or "cuda:0".
LoadedNetwork load_network(const std::filesystem::path& file, const std::string& device = "cpu");

/// The network alone, ready for samplers and likelihood.
std::shared_ptr<NoisePredictor> load_score_network(const std::filesystem::path& file,
                                                   const std::string& device = "cpu");

/// Palettes (nets/palettes.hpp), rounded to float32, and what they were fitted to. Reading throws
/// std::runtime_error for files that hold something else.
void save_palettes(const std::filesystem::path& file,
                   const Palettes& palettes,
                   const std::string& data,
                   const std::string& recipe);
Palettes load_palettes(const std::filesystem::path& file);

/// The same for classifiers; their golden vectors are the logits and their vector-Jacobian product.
void save_classifier(const std::filesystem::path& file,
                     const Classifier& classifier,
                     const NetworkDescription& description,
                     at::ScalarType storage = at::kFloat);
LoadedClassifier load_classifier(const std::filesystem::path& file,
                                 const std::string& device = "cpu");

}  // namespace stochflow::diffusion
