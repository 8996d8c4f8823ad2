#include "encoding.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "mnist_images.hpp"
#include "network.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "support/options.hpp"

namespace stochflow::apps {

void add_encoding_options(CLI::App& command, EncodingOptions& options) {
  command.add_option("--schedule", options.schedule, "One of: " + join(schedule_names()))
      ->capture_default_str();
  command.add_option("--tolerance", options.tolerance, "Of the flow, relative and absolute")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of the dequantisation")
      ->check(whole_number(0))
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda, cuda:1, ...")->capture_default_str();
  command.add_option("--threads", options.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
}

nlohmann::json record_of(const EncodingOptions& options) {
  return {{"schedule", options.schedule},
          {"tolerance", options.tolerance},
          {"seed", options.seed},
          {"device", options.device}};
}

at::Tensor images_to_encode(const diffusion::SampleIds& numbers, const EncodingOptions& options) {
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const auto first = static_cast<std::int64_t>(*low);
  std::vector<std::int64_t> rows;
  for (const std::uint64_t number : numbers) {
    rows.push_back(static_cast<std::int64_t>(number) - first);
  }
  const at::Tensor levels = mnist_images("test", {first, static_cast<std::int64_t>(*high) + 1})
                                .index_select(0, at::tensor(rows, at::kLong));
  return diffusion::dequantised(levels, options.seed, numbers).to(options.device);
}

diffusion::Samples followed(diffusion::Samples samples) {
  if (!samples.outcome.ok()) {
    throw std::runtime_error("the flow could not be followed: " + samples.outcome.message());
  }
  return samples;
}

}  // namespace stochflow::apps
