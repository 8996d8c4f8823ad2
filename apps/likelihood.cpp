// The command line of `stochflow likelihood`; likelihood/run.cpp computes, likelihood/report.cpp
// writes.

#include "likelihood.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "likelihood/settings.hpp"
#include "network.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/range.hpp"

namespace stochflow::apps {
namespace {

struct Arguments {
  LikelihoodRequest request;
  std::string images = "0:100";
  std::string json, csv;
};

void run(Arguments arguments, const Crew& crew) {
  LikelihoodRequest& request = arguments.request;
  const Range range = range_of("--images", arguments.images);
  request.first = range.first;
  request.last = range.last;
  request = decided(request);
  check(request);
  for (const std::string& file : {arguments.json, arguments.csv}) {
    if (crew.leads() && !file.empty()) prepare_output(file);
  }
  std::optional<Progress> progress;
  if (crew.leads()) {
    request.progress = [&](std::int64_t done, std::int64_t total) {
      if (!progress) progress.emplace("Likelihoods", total, done);
      progress->update(done);
    };
  }
  const LikelihoodReport report = run_likelihood(request, crew);
  progress.reset();
  if (!crew.leads()) return;
  print_likelihood(std::cout, report);
  if (!arguments.csv.empty()) write_atomically(arguments.csv, likelihood_csv(report));
  if (!arguments.json.empty()) {
    nlohmann::json inputs = settings_of(request);
    inputs["images"] = arguments.images;
    inputs["batch"] = request.batch;
    inputs["check"] = request.check;
    inputs["bound"] = request.bound;
    inputs["target_se"] = request.target_se;
    inputs["device"] = request.device;
    nlohmann::json record = run_record("likelihood", inputs);
    record["wall_seconds"] = report.seconds;
    record["ranks"] = crew.ranks;
    record["results"] = likelihood_results(report);
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_likelihood(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("likelihood", "Log-likelihoods of MNIST images under a score network");
  LikelihoodRequest& request = arguments->request;
  command->add_option("--images", arguments->images, "FIRST:LAST, the last not included")
      ->capture_default_str();
  command->add_option("--part", request.part, "test or train")->capture_default_str();
  command->add_option("--data",
                      request.data,
                      "Folder of the IDX files (default: the first 1,000 test images, which come "
                      "with the program, or the folder of `stochflow data mnist`)");
  command->add_option("--schedule", request.schedule, "One of: " + join(schedule_names()))
      ->capture_default_str();
  command->add_option("--gamma-min", request.gamma_min, "Lowest -log SNR: least noise")
      ->capture_default_str();
  command->add_option("--gamma-max", request.gamma_max, "Highest -log SNR: the prior")
      ->capture_default_str();
  command
      ->add_option(
          "--dequantise",
          request.dequantise,
          "uniform; noised: and then with the noise of --gamma-min, paid for by the Jensen "
          "offset, which cuts nothing off; decoded: likewise, paid for by the network's own "
          "posterior, with --gamma-min up to about -12; or truncated-normal: as wide as the noise "
          "at --gamma-min (about -13 then), for networks trained on levels without uniform "
          "noise")
      ->capture_default_str();
  command
      ->add_option("--importance",
                   request.importance,
                   "Draws of the dequantisation for each image; their weights are averaged, which "
                   "tightens the bound on the code length (with --trace exact only)")
      ->check(whole_number(1, 100000))
      ->capture_default_str();
  command->add_option("--trace", request.trace, "hutchinson, hutch++ (3 probes or more) or exact")
      ->capture_default_str();
  command->add_option("--probe", request.probe, "rademacher or gaussian")->capture_default_str();
  command->add_option("--probes", request.probes, "For each image")
      ->check(whole_number(1, 10000))
      ->capture_default_str();
  command
      ->add_option(
          "--control-variate",
          request.variate,
          "none, or gaussian: without the error that the probe would make on Gaussian data "
          "of the same covariance, which is known in closed form")
      ->capture_default_str();
  command
      ->add_option("--probe-changes",
                   request.probe_changes,
                   "Intervals of noise levels from which to the next a probe changes signs: less "
                   "noise, more evaluations; 0: it stays the same")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  command
      ->add_option("--solver",
                   request.solver,
                   "per-image: its own steps for each image; odeint: one step size for a batch")
      ->capture_default_str();
  command->add_option("--method",
                      request.method,
                      "Of per-image: adams (the default), dormand-prince54, "
                      "tsitouras54, bogacki-shampine32, dormand-prince853");
  command
      ->add_option("--clock",
                   request.clock,
                   "The variable of the flow: gamma (-log SNR), log-sigma (half of it), or time, "
                   "the schedule's own")
      ->capture_default_str();
  command
      ->add_option("--atol",
                   request.atol,
                   "Tolerance on the state, in units of the noise (default: 0.03 by adams, with "
                   "truncated-normal 0.015, else 0.01)")
      ->check(positive_number());
  command
      ->add_option(
          "--atol-logp",
          request.atol_logp,
          "On the log density, nats a step (default: 1 by adams, with truncated-normal 0.5, "
          "else 0.3)")
      ->check(positive_number());
  command->add_option("--batch", request.batch, "Images at a time")
      ->check(whole_number(1, 100000))
      ->capture_default_str();
  command
      ->add_option(
          "--check", request.check, "Images solved again for the error budget; 0: no budget")
      ->check(whole_number(0))
      ->capture_default_str();
  command
      ->add_option("--bound",
                   request.bound,
                   "Score the same images by their denoising errors as well, at so many noise "
                   "levels each: no solver, no probes; 0: do not")
      ->check(whole_number(0, 1000000))
      ->capture_default_str();
  command
      ->add_option(
          "--target-se",
          request.target_se,
          "Take the images in random order and stop once the standard error of the mean is "
          "this, in bits/dim")
      ->check(positive_number());
  command->add_option("--seed", request.seed, "Of dequantisation and probes")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--results",
                      request.results,
                      "Keep finished images in this file, and go on from it after an interruption");
  command->add_option("--model", request.model, model_help);
  command->add_option(
      "--palettes",
      request.palettes,
      "Which grey levels occur together in an image: a file of `train palettes`, or "
      "mnist-palettes, which comes along");
  command->add_option("--device", request.device, "cpu, cuda, cuda:1, ...")->capture_default_str();
  command->add_option("--threads", request.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command->add_option("--csv", arguments->csv, "Write one line for each image");
  command->add_option("--json", arguments->json, "Write the record of the run to this file");
  command->callback([arguments] { with_crew([&](const Crew& crew) { run(*arguments, crew); }); });
}

}  // namespace stochflow::apps
