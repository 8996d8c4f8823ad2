#pragma once

// Schedules and networks as the subcommands on the diffusion layer name them.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/micro_batch.hpp"
#include "stochflow/diffusion/torchscript.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {

inline std::vector<std::string> schedule_names() { return diffusion::schedule_names(); }

/// The schedule of that name with its published defaults, cut to the noise levels that a network
/// knows; "log-snr" spans them all. Throws UsageError.
inline diffusion::Schedule schedule_named(const std::string& name,
                                          double gamma_min,
                                          double gamma_max) {
  if (name == "log-snr") return diffusion::linear_log_snr(gamma_min, gamma_max);
  const std::vector<std::string> names = schedule_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw unknown_name("schedule", name, names);
  }
  return diffusion::restricted(diffusion::schedule_by_name(name), gamma_min, gamma_max);
}

/// What --model takes, wherever there is one.
inline constexpr const char* model_help =
    "Checkpoint, TorchScript file, or a name such as mnist-classes of those that come along "
    "(default: shipped)";

/// The file itself, or the shipped checkpoint when none is named.
inline std::filesystem::path network_file(const std::filesystem::path& file) {
  return or_shipped(file, "mnist.safetensors");
}

struct OpenedNetwork {
  std::shared_ptr<const diffusion::NoisePredictor> model;
  diffusion::NetworkDescription description;
  /// The same model where it has the mixture-posterior head, else null. What such a network says at
  /// the nearest level of its training still holds beyond: the head's closed form does the rest.
  std::shared_ptr<const diffusion::ScoreNetwork> with_mixture_head = {};
};

/// A checkpoint of this library, or a TorchScript file that describes itself (torchscript.hpp): the
/// latter is a zip archive. `palettes` is empty, or a file of palettes for the checkpoint's head,
/// in place of those it may have itself; `in_level` is for a head with palettes, and for no other.
/// Throws std::runtime_error, UsageError.
inline OpenedNetwork open_network(const std::filesystem::path& file,
                                  const std::string& device,
                                  const std::filesystem::path& palettes = {},
                                  diffusion::InLevel in_level = diffusion::InLevel::uniform) {
  const std::filesystem::path chosen = network_file(file);
  char start[2] = {};
  std::ifstream(chosen, std::ios::binary).read(start, 2);
  if (start[0] == 'P' && start[1] == 'K') {
    if (!palettes.empty()) {
      throw UsageError("--palettes are for networks of this library, not for TorchScript files");
    }
    const auto imported = diffusion::import_network(chosen, at::Device(device));
    return {imported.model, imported.description};
  }
  const auto loaded = diffusion::load_network(chosen, device);
  const auto chosen_palettes = palettes.empty()
                                   ? loaded.network->palettes()
                                   : diffusion::load_palettes(or_shipped(palettes, ""));
  if (chosen_palettes) loaded.network->take_palettes(*chosen_palettes, in_level);
  const bool mixture = loaded.network->config().head == diffusion::Head::mixture_posterior;
  return {loaded.network, loaded.description, mixture ? loaded.network : nullptr};
}

/// Throws std::runtime_error unless the network was made for images of this shape [C, H, W].
inline void check_made_for(const diffusion::NetworkDescription& description,
                           at::IntArrayRef shape) {
  const at::IntArrayRef known = description.data_shape;
  if (known == shape) return;
  std::ostringstream message;
  message << "the network was made for images " << known << ", these are " << shape
          << ": take another --model";
  throw std::runtime_error(message.str());
}
/// MNIST as it is.
inline void check_made_for_grey_digits(const diffusion::NetworkDescription& description) {
  check_made_for(description, {1, 28, 28});
}

/// How a network is called on this device: on a CPU by `threads` threads (0: one for each
/// processor), each with small batches of its own. Sets the process up for it, so call this before
/// any other work on tensors.
inline diffusion::MicroBatch network_calls(const std::string& device, int threads) {
  diffusion::tune_process(1);
  if (device != "cpu") return {.rows = 64, .threads = 1};
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return {.threads = threads > 0 ? threads : processors};
}

}  // namespace stochflow::apps
