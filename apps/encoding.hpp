#pragma once

// How images become latents, for the subcommands that look at latents: their common options, and
// flows that are followed or end the program.

#include <ATen/core/Tensor.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "stochflow/diffusion/latents.hpp"

namespace stochflow::apps {

struct EncodingOptions {
  std::string schedule = "log-snr";
  double tolerance = 1e-3;  // of the flow, relative and absolute
  std::uint64_t seed = 1;   // of the dequantisation
  std::string device = "cpu";
  int threads = 0;  // 0: one for each processor

  diffusion::PerSampleTolerance of_the_flow() const {
    return {.rtol = tolerance, .atol = tolerance};
  }
};

void add_encoding_options(CLI::App& command, EncodingOptions& options);

/// The options as a record states them.
nlohmann::json record_of(const EncodingOptions& options);

/// Test images of the given numbers (one or more), dequantised, on the device: [n, 1, 28, 28] in
/// [-1, 1).
at::Tensor images_to_encode(const diffusion::SampleIds& numbers, const EncodingOptions& options);

/// Throws std::runtime_error where the flow could not be followed.
diffusion::Samples followed(diffusion::Samples samples);

}  // namespace stochflow::apps
