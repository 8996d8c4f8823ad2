// The training itself: data in, checkpoints, log and curve out.

#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>

#include "data.hpp"
#include "ranks/ranks.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/coloured.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/nets/description.hpp"
#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/train/bound.hpp"
#include "stochflow/diffusion/train/trainer.hpp"
#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/output.hpp"
#include "support/plot.hpp"
#include "support/progress.hpp"
#include "support/resources.hpp"
#include "support/stop_signal.hpp"
#include "train/log.hpp"
#include "train/mnist.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Levels that stand out of the training set's histogram: background, the quarters and ninths of
// anti-aliased strokes, and full ink.
const std::vector<int> spiking_levels = {
    0, 29, 57, 64, 85, 114, 128, 141, 170, 191, 198, 226, 250, 251, 252, 253, 254, 255};

// The inverse noise error of the shipped network at each level, capped. What the class says is
// decided where there is much noise and little error, and is worth 0.004 bits/dim of the bound at
// most: under the bound itself it is hardly learnt.
const std::vector<double> where_classes_are_decided = {1,  1,  1,  1.5, 2,  3,  5,  7,  7,  8, 9,
                                                       10, 12, 16, 22,  30, 40, 50, 50, 50, 50};

constexpr std::uint64_t validation_seed = 7;
constexpr std::int64_t log_every = 100, validate_every = 1500;

bool wants_mixed_precision(const std::string& precision) {
  if (precision == "bfloat16") return true;
  if (precision == "float32") return false;
  if (precision == "auto") return diffusion::bfloat16_pays();
  throw unknown_name("precision", precision, {"auto", "bfloat16", "float32"});
}

diffusion::Optimiser optimiser_of(const std::string& name) {
  if (name != "adam" && name != "muon") {
    throw unknown_name("optimiser", name, {"adam", "muon"});
  }
  return diffusion::optimiser_named(name);
}

diffusion::ScoreNetworkConfig network_of(const MnistTraining& arguments) {
  diffusion::ScoreNetworkConfig config;
  config.channels = arguments.channels;
  config.deep_channels = arguments.deep_channels;
  config.blocks_down = config.blocks_up = arguments.blocks;
  config.blocks_deep = arguments.deep_blocks;
  if (arguments.classes) config.classes = 10;
  if (arguments.colours) config.image_channels = 3;
  if (arguments.head == "mixture-posterior") {
    // Only black survives colouring as a level of its own.
    config.box_levels = arguments.colours ? std::vector<int>{0} : spiking_levels;
  } else if (arguments.head == "noise") {
    config.head = diffusion::Head::noise;
    config.box_levels = {};
  } else {
    throw unknown_name("head", arguments.head, {"mixture-posterior", "noise"});
  }
  return config;
}

json validate(const diffusion::ScoreNetwork& network,
              const at::Tensor& levels,
              std::int64_t draws) {
  const auto report = diffusion::evidence_bound(network, levels, validation_seed, draws);
  return {{"test_bound", report.bits_per_dim},
          {"standard_error", report.standard_error},
          {"test_images", levels.size(0)},
          {"terms",
           {{"prior", report.prior}, {"diffusion", report.diffusion}, {"decoder", report.decoder}}},
          {"noise_error", report.noise_error}};
}

struct Files {
  explicit Files(const fs::path& folder)
      : state(folder / "state.safetensors"),
        network(folder / "network.safetensors"),
        log(folder / "log.jsonl"),
        curve(folder / "curve.svg") {}
  fs::path state, network, log, curve;
};

void save_all(const diffusion::Trainer& trainer,
              const Files& files,
              const json& last_validation,
              bool half) {
  trainer.save(files.state);
  json recipe = {{"settings", json::parse(to_json(trainer.settings()))},
                 {"steps_made", trainer.steps_made()},
                 {"epochs", trainer.epochs_seen()},
                 {"validation", last_validation}};
  const diffusion::ScoreNetworkConfig& config = trainer.network().config();
  save_score_network(
      files.network,
      trainer.averaged(),
      {.data_shape = {config.image_channels, config.height, config.width},
       .gamma_min = config.gamma_min,
       .gamma_max = config.gamma_max,
       .data = config.image_channels == 1 ? "mnist, grey levels k as (k + u)/128 - 1"
                                          : "mnist in colours, levels k as (k + u)/128 - 1",
       .recipe = recipe.dump()},
      half ? at::kHalf : at::kFloat);
}

std::string with_digits(double value, int digits) {
  std::ostringstream text;
  text << std::fixed;
  text.precision(digits);
  text << value;
  return text.str();
}

diffusion::LabelledImages data_of(const MnistTraining& arguments, diffusion::MnistPart part) {
  diffusion::LabelledImages data = diffusion::read_mnist(arguments.data, part);
  if (arguments.colours) data.images = diffusion::coloured(data.images);
  return data;
}

diffusion::Trainer start(const MnistTraining& arguments,
                         const Files& files,
                         const diffusion::LabelledImages& data) {
  if (arguments.resume) {
    auto trainer = diffusion::Trainer::load(files.state, data.images, data.labels);
    if (arguments.new_plan) trainer.replan(arguments.steps);
    return trainer;
  }
  if (fs::exists(files.state)) {
    throw UsageError(files.state.string() +
                     " is there already: continue that run with --resume, or give another --out");
  }
  diffusion::TrainSettings settings = arguments.settings;
  settings.steps = arguments.steps;
  if (arguments.epochs > 0) {
    settings.steps =
        std::max<std::int64_t>(1,
                               std::llround(arguments.epochs * static_cast<double>(data.size()) /
                                            static_cast<double>(settings.batch)));
  }
  settings.optimiser = optimiser_of(arguments.optimiser);
  settings.mixed_precision = wants_mixed_precision(arguments.precision);
  if (arguments.classes) settings.slice_weights = where_classes_are_decided;
  diffusion::Trainer trainer(network_of(arguments), settings, data.images, data.labels);
  if (!arguments.from.empty()) {
    const fs::path trained = or_shipped(arguments.from, "mnist.safetensors");
    trainer.start_from(*diffusion::load_network(trained, "cpu").network);
  }
  if (!arguments.palettes.empty()) {
    trainer.take_palettes(diffusion::load_palettes(or_shipped(arguments.palettes, "")));
  }
  return trainer;
}

// Adds v up over the ranks, bit for bit the same on all.
void sum_over_ranks(const Crew& crew, at::Tensor& v) {
  const at::Tensor own = v.to(at::kCPU).contiguous();
  const auto floats = [](const std::string& bytes) {
    return reinterpret_cast<const float*>(bytes.data());
  };
  const auto n = static_cast<std::size_t>(own.numel());
  const std::string all = crew.meet(
      [&] { return std::string(static_cast<const char*>(own.data_ptr()), n * sizeof(float)); },
      [&](const std::string& left, const std::string& right) {
        std::string sum(left.size(), '\0');
        auto* const to = reinterpret_cast<float*>(sum.data());
        for (std::size_t i = 0; i < n; ++i) to[i] = floats(left)[i] + floats(right)[i];
        return sum;
      });
  v.copy_(at::from_blob(const_cast<char*>(all.data()), own.sizes(), own.options()));
}

// Whether any rank was asked to stop, so that all stop at the same step.
bool stopped(const StopSignal& stop, const Crew& crew) {
  if (crew.ranks == 1) return stop.came();
  return crew.meet([&] { return std::string(stop.came() ? "stop" : ""); },
                   [](const std::string& left, const std::string& right) {
                     return left.empty() ? right : left;
                   }) == "stop";
}

}  // namespace

void train_on_mnist(const MnistTraining& arguments, const Crew& crew) {
  diffusion::tune_process();
  const Files files(arguments.out);
  if (crew.leads()) {
    for (const fs::path& file : {files.state, files.network, files.log}) prepare_output(file);
    prepare_plot(files.curve);
    if (!arguments.json.empty()) prepare_output(arguments.json);
  }
  const auto train = data_of(arguments, diffusion::MnistPart::train);
  const auto test = data_of(arguments, diffusion::MnistPart::test);
  diffusion::Trainer trainer = start(arguments, files, train);
  trainer.share_parts({.rank = crew.rank, .ranks = crew.ranks, .sum = [&](at::Tensor& v) {
                         sum_over_ranks(crew, v);
                       }});
  const std::int64_t steps = trainer.settings().steps, resumed_at = trainer.steps_made();
  const at::Tensor some =
      test.images.narrow(0, 0, std::min<std::int64_t>(validation_images, test.size()));
  const StopSignal stop;
  if (!crew.leads()) {
    while (trainer.steps_made() < steps && !stopped(stop, crew)) trainer.step();
    return;
  }
  TrainLog log(files.log, resumed_at);
  json last_validation;
  bool asked_to_stop = false;
  {
    Progress progress("training", steps, resumed_at);
    Stopwatch since_checkpoint;
    double sum = 0;
    std::int64_t count = 0;
    while (trainer.steps_made() < steps && !(asked_to_stop = stopped(stop, crew))) {
      const diffusion::StepReport report = trainer.step();
      sum += report.bound;
      ++count;
      if (report.step % log_every == 0 || report.step == steps) {
        log.add({{"step", report.step},
                 {"epoch", trainer.epochs_seen()},
                 {"train_bound", sum / static_cast<double>(count)},
                 {"gradient_norm", report.gradient_norm},
                 {"learning_rate", report.learning_rate}});
        sum = 0;
        count = 0;
      }
      if (report.step % validate_every == 0 && report.step < steps) {
        last_validation = validate(trainer.averaged(), some, 1);
        json entry = last_validation;
        entry["step"] = report.step;
        entry["epoch"] = trainer.epochs_seen();
        log.add(entry);
      }
      if (since_checkpoint.seconds() > 60 * arguments.checkpoint_minutes) {
        save_all(trainer, files, last_validation, arguments.half);
        draw_curve(files.curve, log.entries());
        since_checkpoint = {};
      }
      progress.update(report.step, with_digits(report.bound, 3) + " bits/dim");
    }
  }
  if (asked_to_stop) {
    save_all(trainer, files, last_validation, arguments.half);
    throw std::runtime_error("stopped after step " + std::to_string(trainer.steps_made()) + " of " +
                             std::to_string(steps) + "; --resume --out " + arguments.out +
                             " continues exactly there");
  }
  last_validation = validate(trainer.averaged(), test.images, 1);
  json entry = last_validation;
  entry["step"] = steps;
  entry["epoch"] = trainer.epochs_seen();
  log.add(entry);
  save_all(trainer, files, last_validation, arguments.half);
  draw_curve(files.curve, log.entries());
  std::cout << "test bound " << with_digits(last_validation["test_bound"], 4) << " +- "
            << with_digits(last_validation["standard_error"], 4) << " bits/dim over " << test.size()
            << " images, after " << with_digits(trainer.epochs_seen(), 1) << " epochs\nnetwork in "
            << files.network.string() << ", log in " << files.log.string() << ", curve in "
            << files.curve.string() << '\n';

  if (!arguments.json.empty()) {
    json inputs = json::parse(to_json(trainer.settings()));
    inputs["network"] = json::parse(to_json(trainer.network().config()));
    inputs["data"] = arguments.data;
    inputs["resumed_at"] = resumed_at;
    json record = run_record("train", inputs);
    record["wall_seconds"] = log.seconds();
    record["ranks"] = crew.ranks;
    record["results"] = last_validation;
    record["results"]["steps"] = steps;
    record["results"]["epochs"] = trainer.epochs_seen();
    record["results"]["files"] = {
        files.network.string(), files.log.string(), files.curve.string(), files.state.string()};
    write_json(arguments.json, record);
  }
}

}  // namespace stochflow::apps
