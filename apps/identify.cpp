// `stochflow identify`: the latents that two networks give the same images. The probability flow
// depends on the data's law alone, so networks trained apart should agree.
// Source: Song et al. 2021, section 4.3 and appendix D.5.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "encoding.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "stochflow/diffusion/latents.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

struct Arguments {
  std::string images = "0:64";
  EncodingOptions encoding;
  std::string model, other, json;
};

diffusion::Estimate estimate_of(const at::Tensor& values) {
  const at::Tensor on_host = values.to(at::kCPU, at::kDouble).contiguous();
  const double* first = on_host.data_ptr<double>();
  return diffusion::estimate({first, first + on_host.numel()});
}

nlohmann::json in_json(const diffusion::Estimate& estimate) {
  return {{"mean", estimate.mean}, {"standard_error", estimate.standard_error}};
}

void run(const Arguments& arguments) {
  const EncodingOptions& encoding = arguments.encoding;
  const Range range = range_of("--images", arguments.images);
  if (range.last - range.first < 2) {
    throw UsageError("--images expects two images or more: they are compared with one another");
  }
  if (!arguments.json.empty()) prepare_output(arguments.json);
  const diffusion::MicroBatch calls = network_calls(encoding.device, encoding.threads);
  const OpenedNetwork one = open_network(arguments.model, encoding.device),
                      other = open_network(arguments.other, encoding.device);
  for (const OpenedNetwork* network : {&one, &other}) {
    check_made_for_grey_digits(network->description);
  }
  // Latents of the same noise level: the range that both know.
  const diffusion::Schedule schedule =
      schedule_named(encoding.schedule,
                     std::max(one.description.gamma_min, other.description.gamma_min),
                     std::min(one.description.gamma_max, other.description.gamma_max));
  const diffusion::SampleIds ids =
      diffusion::sample_range(static_cast<std::uint64_t>(range.first), range.last - range.first);
  const at::Tensor x = images_to_encode(ids, encoding);

  const Stopwatch watch;
  const auto latents_by = [&](const OpenedNetwork& network) {
    const diffusion::MicroBatches model(*network.model, calls);
    return followed(encode(model, schedule, x, encoding.of_the_flow())).x;
  };
  const at::Tensor a = latents_by(one), b = latents_by(other);
  const diffusion::Estimate same = estimate_of(diffusion::latent_correlation(a, b)),
                            different = estimate_of(diffusion::latent_correlation(a, b.roll(1, 0)));
  const double distance = std::sqrt((a - b).square().mean().item<double>()),
               apart = std::sqrt((a - b.roll(1, 0)).square().mean().item<double>());

  std::cout << x.size(0) << " images encoded by both networks, " << significant(watch.seconds(), 3)
            << " s\n"
            << "  the two latents of an image: correlation " << fixed(same.mean, 3) << " +- "
            << fixed(same.standard_error, 3) << ", " << fixed(distance, 3)
            << " apart (root mean square)\n"
            << "  of different images:         correlation " << fixed(different.mean, 3) << " +- "
            << fixed(different.standard_error, 3) << ", " << fixed(apart, 3) << " apart\n";
  if (!arguments.json.empty()) {
    nlohmann::json settings = record_of(encoding);
    settings["images"] = arguments.images;
    settings["model"] = arguments.model;
    settings["other"] = arguments.other;
    nlohmann::json record = run_record("identify", settings);
    record["wall_seconds"] = watch.seconds();
    record["results"] = {{"same_image", in_json(same)},
                         {"different_images", in_json(different)},
                         {"distance_same", distance},
                         {"distance_different", apart}};
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_identify(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  CLI::App* command = app.add_subcommand(
      "identify", "Compare the latents that two networks give the same test images");
  command->add_option("--images", a.images, "FIRST:LAST, the last not included")
      ->capture_default_str();
  command->add_option("--model", a.model, model_help);
  command->add_option("--other", a.other, "The other network")->required();
  command->add_option("--json", a.json, "Write the record of the run to this file");
  add_encoding_options(*command, a.encoding);
  command->callback([arguments] { run(*arguments); });
}

}  // namespace stochflow::apps
