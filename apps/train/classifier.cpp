#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "data.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/metrics/classify.hpp"
#include "stochflow/diffusion/nets/description.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/train/classifier_trainer.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/stop_signal.hpp"
#include "support/table.hpp"
#include "train/log.hpp"
#include "train/train.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t validation_seed = 7;
constexpr std::int64_t log_every = 100;

struct Arguments {
  std::string data = data_folder().string();
  fs::path out = "runs/classifier";
  std::string json;
  bool clean = false;
  double epochs = 10;
  int threads = 2;
  diffusion::ClassifierConfig config;
  diffusion::TrainSettings settings = {
      .parts = 1, .learning_rate = 2e-3, .warm_up = 200, .average = 0.998};
};

// Of the test images, at some noise levels the classifier knows.
json validate(const diffusion::Classifier& classifier, const diffusion::LabelledImages& test) {
  json levels = json::array();
  const diffusion::ClassifierConfig& config = classifier.config();
  for (const double gamma : {-16.0, -8.0, -4.0, -2.0, 0.0, 2.0, 4.0}) {
    if (gamma < config.gamma_min || gamma > config.gamma_max) continue;
    levels.push_back(
        {{"gamma", gamma},
         {"accuracy",
          diffusion::accuracy(
              diffusion::classify(classifier, test.images, gamma, validation_seed).logits,
              test.labels)}});
  }
  return levels;
}

void run(Arguments arguments) {
  diffusion::tune_process(arguments.threads);
  const fs::path network = arguments.out / "classifier.safetensors",
                 log_file = arguments.out / "log.jsonl";
  for (const fs::path& file : {network, log_file}) prepare_output(file);
  if (!arguments.json.empty()) prepare_output(arguments.json);
  const auto train = diffusion::read_mnist(arguments.data, diffusion::MnistPart::train);
  const auto test = diffusion::read_mnist(arguments.data, diffusion::MnistPart::test);
  if (arguments.clean) arguments.config.gamma_max = arguments.config.gamma_min;
  diffusion::TrainSettings& settings = arguments.settings;
  settings.steps =
      std::max<std::int64_t>(1,
                             std::llround(arguments.epochs * static_cast<double>(train.size()) /
                                          static_cast<double>(settings.batch)));
  diffusion::ClassifierTrainer trainer(arguments.config, settings, train.images, train.labels);
  TrainLog log(log_file, 0);
  const StopSignal stop;
  {
    Progress progress("training", settings.steps);
    double loss = 0, right = 0;
    std::int64_t count = 0;
    while (trainer.steps_made() < settings.steps) {
      if (stop.came()) {
        throw std::runtime_error("stopped after step " + std::to_string(trainer.steps_made()) +
                                 "; nothing is kept of so short a run");
      }
      const auto report = trainer.step();
      loss += report.loss;
      right += report.accuracy;
      ++count;
      if (report.step % log_every == 0 || report.step == settings.steps) {
        log.add({{"step", report.step},
                 {"loss", loss / static_cast<double>(count)},
                 {"accuracy", right / static_cast<double>(count)}});
        progress.update(report.step,
                        "accuracy " + significant(right / static_cast<double>(count), 3));
        loss = right = 0;
        count = 0;
      }
    }
  }
  const diffusion::Classifier classifier = trainer.averaged();
  const json validation = validate(classifier, test);
  log.add({{"step", settings.steps}, {"test", validation}});
  const json recipe = {{"settings", json::parse(to_json(settings))},
                       {"epochs", arguments.epochs},
                       {"validation", validation}};
  save_classifier(network,
                  classifier,
                  {.data_shape = {1, 28, 28},
                   .gamma_min = arguments.config.gamma_min,
                   .gamma_max = arguments.config.gamma_max,
                   .data = "mnist, grey levels k as (k + u)/128 - 1",
                   .recipe = recipe.dump()},
                  at::kHalf);
  for (const json& level : validation) {
    std::cout << "accuracy on " << test.size() << " test images at gamma "
              << significant(level["gamma"], 3) << ": " << significant(level["accuracy"], 4)
              << '\n';
  }
  std::cout << "classifier in " << network.string() << ", log in " << log_file.string() << '\n';
  if (!arguments.json.empty()) {
    json inputs = json::parse(to_json(settings));
    inputs["network"] = json::parse(to_json(arguments.config));
    inputs["data"] = arguments.data;
    json record = run_record("train classifier", inputs);
    record["wall_seconds"] = log.seconds();
    record["results"] = {{"test", validation}, {"files", {network.string(), log_file.string()}}};
    write_json(arguments.json, record);
  }
}

}  // namespace

void add_train_classifier(CLI::App& train) {
  CLI::App* const command = train.add_subcommand(
      "classifier", "A classifier of digits: of noisy ones, or with --clean of digits as they are");
  const auto a = std::make_shared<Arguments>();
  diffusion::TrainSettings& s = a->settings;
  command->add_flag("--clean", a->clean, "Images without noise only: the judge of samples");
  command->add_option("--epochs", a->epochs, "Passes over the data")
      ->check(positive_number())
      ->capture_default_str();
  command->add_option("--batch", s.batch, "Images a step")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--lr", s.learning_rate, "The highest learning rate")
      ->check(positive_number())
      ->capture_default_str();
  command->add_option("--seed", s.seed, "Of everything random")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--channels", a->config.channels, "Of the network at 14x14")
      ->check(whole_number(8))
      ->capture_default_str();
  command->add_option("--deep-channels", a->config.deep_channels, "At 7x7, and features")
      ->check(whole_number(8))
      ->capture_default_str();
  command->add_option("--threads", a->threads, "Of LibTorch; the result depends on their number")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command->add_option("--data", a->data, "Folder with the MNIST files")->capture_default_str();
  command->add_option("--out", a->out, "Folder for network and log")->capture_default_str();
  command->add_option("--json", a->json, "Write inputs and results to this file");
  command->callback([a] { run(*a); });
}

}  // namespace stochflow::apps
