#pragma once

// Schedules and networks as the subcommands on the diffusion layer name them.

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/tensor/micro_batch.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace stochflow::apps {

inline std::vector<std::string> schedule_names() {
  return {"log-snr", "vp", "subvp", "ve", "sigma-t", "edm"};
}

/// The schedule of that name with its published defaults, cut to the noise levels that a network
/// knows; "log-snr" spans them all. Throws UsageError.
inline diffusion::Schedule schedule_named(const std::string& name,
                                          double gamma_min,
                                          double gamma_max) {
  const auto published = [&]() -> diffusion::Schedule {
    if (name == "log-snr") return diffusion::linear_log_snr(gamma_min, gamma_max);
    if (name == "vp") return diffusion::vp();
    if (name == "subvp") return diffusion::sub_vp();
    if (name == "ve") return diffusion::ve();
    if (name == "sigma-t") return diffusion::sigma_t();
    if (name == "edm") return diffusion::edm();
    throw unknown_name("schedule", name, schedule_names());
  };
  return diffusion::restricted(published(), gamma_min, gamma_max);
}

/// The file itself, or the shipped checkpoint when none is named.
inline std::filesystem::path network_file(const std::filesystem::path& file) {
  return file.empty() ? resource("pretrained/mnist.safetensors") : file;
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
