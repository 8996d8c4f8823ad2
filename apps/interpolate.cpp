// `stochflow interpolate`: two test images as latents, and what lies between them.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "encoding.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "stochflow/diffusion/latents.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

struct Arguments {
  std::vector<std::uint64_t> images = {0, 2, 1, 3};
  std::int64_t between = 6;
  EncodingOptions encoding;
  std::string model, out, json;
};

/// The root mean square distance in grey levels.
double grey_levels(const at::Tensor& a, const at::Tensor& b) {
  return 128 * std::sqrt((a - b).square().mean().item<double>());
}

void run(const Arguments& arguments) {
  if (arguments.images.size() % 2 != 0) {
    throw UsageError("--images expects pairs of test images, found " +
                     std::to_string(arguments.images.size()) + " numbers");
  }
  if (!arguments.out.empty() && std::filesystem::path(arguments.out).extension() != ".png") {
    throw UsageError("--out writes .png, found '" + arguments.out + "'");
  }
  for (const std::string& file : {arguments.out, arguments.json}) {
    if (!file.empty()) prepare_output(file);
  }
  const EncodingOptions& encoding = arguments.encoding;
  const diffusion::MicroBatch calls = network_calls(encoding.device, encoding.threads);
  const OpenedNetwork network = open_network(arguments.model, encoding.device);
  check_made_for_grey_digits(network.description);
  const diffusion::MicroBatches model(*network.model, calls);
  const diffusion::Schedule schedule = schedule_named(
      encoding.schedule, network.description.gamma_min, network.description.gamma_max);

  const at::Tensor x =
      images_to_encode({arguments.images.begin(), arguments.images.end()}, encoding);
  const Stopwatch watch;
  const diffusion::Samples latents = followed(encode(model, schedule, x, encoding.of_the_flow()));
  const std::int64_t pairs = x.size(0) / 2, steps = arguments.between + 1;
  const auto ends = [&](std::int64_t which) {
    return latents.x.slice(0, which, x.size(0), 2).contiguous();
  };
  std::vector<at::Tensor> stations;
  for (std::int64_t k = 0; k <= steps; ++k) {
    const double part = static_cast<double>(k) / static_cast<double>(steps);
    stations.push_back(diffusion::slerp(ends(0), ends(1), part));
  }
  // [pairs, stations, ...], so that a pair is a row of the picture.
  const at::Tensor all = at::stack(stations, 1).flatten(0, 1);
  const diffusion::Samples decoded = followed(decode(model, schedule, all, encoding.of_the_flow()));
  const at::Tensor strips = decoded.x.view({pairs, steps + 1, 1, x.size(2), x.size(3)});
  const double round_trip =
      grey_levels(at::stack({strips.select(1, 0), strips.select(1, steps)}, 1).flatten(0, 1), x);

  if (!arguments.out.empty()) {
    write_png(arguments.out, enlarge(tile(to_images(decoded.x), static_cast<int>(steps + 1)), 2));
  }
  std::cout << x.size(0) << " images encoded in " << latents.nfe << " evaluations, " << all.size(0)
            << " latents decoded in " << decoded.nfe << ", " << significant(watch.seconds(), 3)
            << " s\n"
            << "  there and back: " << significant(round_trip, 3)
            << " grey levels root mean square\n"
            << "  latents: mean " << fixed(latents.x.mean().item<double>(), 3) << ", variance "
            << fixed(latents.x.var().item<double>(), 3) << " (prior: 0, "
            << fixed(schedule.prior_std * schedule.prior_std, 3) << ")\n";
  if (!arguments.out.empty()) std::cout << "wrote " << arguments.out << '\n';
  if (!arguments.json.empty()) {
    nlohmann::json settings = record_of(encoding);
    settings["images"] = arguments.images;
    settings["between"] = arguments.between;
    settings["model"] = arguments.model;
    nlohmann::json record = run_record("interpolate", settings);
    record["wall_seconds"] = watch.seconds();
    record["results"] = {{"nfe_encode", latents.nfe},
                         {"nfe_decode", decoded.nfe},
                         {"round_trip_grey_levels", round_trip}};
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_interpolate(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  CLI::App* command = app.add_subcommand(
      "interpolate", "Encode test images, go from one latent to the other, and decode");
  command->add_option("--images", a.images, "Pairs of test images by number, as in 0,2,1,3")
      ->delimiter(',')
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--between", a.between, "Pictures between the two of a pair")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  command->add_option("--out", a.out, "Write a row for each pair to this .png");
  command->add_option("--json", a.json, "Write the record of the run to this file");
  command->add_option("--model", a.model, model_help);
  add_encoding_options(*command, a.encoding);
  command->callback([arguments] { run(*arguments); });
}

}  // namespace stochflow::apps
