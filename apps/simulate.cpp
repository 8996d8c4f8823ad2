#include "simulate.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "ranks/ranks.hpp"
#include "support/json.hpp"
#include "support/npy.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelEntry& entry : simulate_models()) names.push_back(entry.name);
  return names;
}

const ModelEntry& entry_named(const std::string& name) {
  for (const ModelEntry& entry : simulate_models()) {
    if (entry.name == name) return entry;
  }
  throw unknown_name("model", name, model_names());
}

/// Bytes that all values at all times take.
double size_of_values(const SimulateRequest& request, const ModelEntry& entry) {
  return 8.0 * static_cast<double>(request.paths) * request.times *
         static_cast<double>(entry.start.size());
}

/// The request with every default filled in and every name and number checked.
SimulateRequest completed(SimulateRequest request, const ModelEntry& entry) {
  if (request.method.empty()) request.method = entry.methods.front();
  if (std::find(entry.methods.begin(), entry.methods.end(), request.method) ==
      entry.methods.end()) {
    throw unknown_name("method for " + entry.name, request.method, entry.methods);
  }
  if (request.t1 == 0) request.t1 = entry.t1;
  if (!(request.t1 > 0) || !std::isfinite(request.t1)) {
    throw UsageError("the end time must be positive, found " + significant(request.t1, 6));
  }
  if (request.steps == 0) request.steps = entry.steps;
  if (request.steps < 1 || request.paths < 2) {
    throw UsageError("at least 1 step and 2 paths are needed, found " +
                     std::to_string(request.steps) + " and " + std::to_string(request.paths));
  }
  if (request.start.empty()) request.start = entry.start;
  if (request.start.size() != entry.start.size()) {
    throw UsageError("the state of " + entry.name + " has " + std::to_string(entry.start.size()) +
                     " components, found " + std::to_string(request.start.size()));
  }
  for (const double component : request.start) {
    if (!std::isfinite(component)) throw UsageError("--start must be finite numbers");
  }
  for (const auto& [name, value] : request.set) {
    if (!entry.parameters.contains(name)) {
      std::vector<std::string> valid;
      for (const auto& parameter : entry.parameters) valid.push_back(parameter.first);
      throw unknown_name("parameter of " + entry.name, name, valid);
    }
    if (!std::isfinite(value)) throw UsageError("the parameter " + name + " must be finite");
  }
  if (const double bytes = size_of_values(request, entry); request.keep_values && bytes > 4e9) {
    throw UsageError("keeping " + std::to_string(request.paths) + " paths at " +
                     std::to_string(request.times) + " times needs " + fixed(bytes / 1e9, 1) +
                     " GB; take fewer --paths or --times, or leave --npy away: moments, quantiles "
                     "and histograms need none");
  }
  return request;
}

std::map<std::string, double> parsed_settings(const std::vector<std::string>& settings) {
  std::map<std::string, double> values;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    std::size_t used = 0;
    double value = 0;
    try {
      if (equals != std::string::npos) value = std::stod(setting.substr(equals + 1), &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used == 0 || equals + 1 + used != setting.size()) {
      throw UsageError("--set expects name=number, found '" + setting + "'");
    }
    values[setting.substr(0, equals)] = value;
  }
  return values;
}

struct Arguments {
  SimulateRequest request;
  std::vector<std::string> settings;
  std::string out, json, csv, npy, checkpoint;
  double checkpoint_every = RoundOptions{}.round_seconds;
  std::vector<std::string> plots;
};

void write_values(const std::filesystem::path& file, const SimulateReport& report) {
  const auto& values = report.ensemble.values;
  std::vector<double> flat;
  for (const auto& at_time : values) {
    for (const auto& of_observable : at_time) {
      flat.insert(flat.end(), of_observable.begin(), of_observable.end());
    }
  }
  write_npy(file, flat.data(), {values.size(), values[0].size(), values[0][0].size()});
}

nlohmann::json record_of(const SimulateReport& report,
                         const SimulateRequest& request,
                         double seconds,
                         int ranks) {
  nlohmann::json record = run_record("simulate",
                                     {{"model", report.model},
                                      {"method", report.method},
                                      {"parameters", report.parameters},
                                      {"start", report.start},
                                      {"t1", report.t1},
                                      {"steps", report.steps},
                                      {"paths", report.ensemble.trajectories},
                                      {"seed", request.seed}});
  record["wall_seconds"] = seconds;
  record["ranks"] = ranks;
  record["results"] = simulate_results(report);
  return record;
}

/// --out FOLDER stands for one file of each kind in it.
void place_files(Arguments& arguments) {
  if (!arguments.out.empty()) {
    const std::filesystem::path folder = arguments.out;
    if (arguments.json.empty()) arguments.json = folder / "result.json";
    if (arguments.csv.empty()) arguments.csv = folder / "moments.csv";
    if (arguments.plots.empty()) arguments.plots = {folder / "fan.svg"};
    prepare_plot(folder / "histogram.svg");
  }
  for (const std::string& file :
       {arguments.json, arguments.csv, arguments.npy, arguments.checkpoint}) {
    if (!file.empty()) prepare_output(file);
  }
  for (const std::string& file : arguments.plots) prepare_plot(file);
}

void publish(const Arguments& arguments, const SimulateReport& report, double seconds, int ranks) {
  std::cout << report.model << ": " << report.description << '\n';
  for (const auto& [name, value] : report.parameters) {
    std::cout << name << " = " << significant(value, 6) << "  ";
  }
  std::cout << '\n'
            << report.method << ", " << report.steps
            << " steps to t = " << significant(report.t1, 6) << ", " << report.ensemble.trajectories
            << " trajectories in " << significant(seconds, 3) << " s"
            << (ranks > 1 ? " on " + std::to_string(ranks) + " ranks" : "") << "\n\n"
            << moments_table(report) << '\n';
  if (report.ensemble.failures > 0) {
    std::cout << report.ensemble.failures << " trajectories failed and are left out; the first: "
              << report.ensemble.first_failures[0].outcome.message() << "\n\n";
  }
  for (std::size_t j = 0; j < report.observables.size(); ++j) {
    std::cout << terminal_histogram(report, j) << '\n';
  }

  if (!arguments.json.empty()) {
    write_json(arguments.json, record_of(report, arguments.request, seconds, ranks));
  }
  if (!arguments.csv.empty()) write_atomically(arguments.csv, moments_csv(report));
  if (!arguments.npy.empty()) write_values(arguments.npy, report);
  for (const std::string& file : arguments.plots) write_plots(file, fan_plots(report), 1);
  if (!arguments.out.empty()) {
    write_plots(std::filesystem::path(arguments.out) / "histogram.svg", histogram_plots(report), 1);
  }
}

void run(Arguments arguments, const Crew& crew) {
  SimulateRequest& request = arguments.request;
  request.set = parsed_settings(arguments.settings);
  const ModelEntry& entry = entry_named(request.model);
  if (!arguments.out.empty() && arguments.npy.empty() && size_of_values(request, entry) < 1e9) {
    arguments.npy = std::filesystem::path(arguments.out) / "values.npy";
  }
  request.keep_values = !arguments.npy.empty();
  completed(request, entry);  // mistakes come before folders are made
  if (crew.leads()) place_files(arguments);

  const Stopwatch watch;
  std::optional<Progress> progress;
  if (crew.leads()) {
    progress.emplace("Simulating " + request.model, request.paths);
    request.progress = [&](std::int64_t done) { progress->update(done); };
  }
  if (crew.ranks > 1 || !arguments.checkpoint.empty()) {
    request.reduction = crew.in_rounds(
        {.checkpoint = arguments.checkpoint, .round_seconds = arguments.checkpoint_every});
  }
  const SimulateReport report = run_simulate(request);
  if (!crew.leads()) return;
  publish(arguments, report, watch.seconds(), crew.ranks);
  if (!arguments.checkpoint.empty()) std::filesystem::remove(arguments.checkpoint);
}

std::string model_help() {
  std::string text = "Models, their parameters and methods:\n";
  for (const ModelEntry& entry : simulate_models()) {
    text += "  " + entry.name + "  " + entry.description + "\n     ";
    for (const auto& [name, value] : entry.parameters) {
      text += " " + name + "=" + significant(value, 4);
    }
    text += "; " + join(entry.methods) + "\n";
  }
  return text;
}

}  // namespace

SimulateReport run_simulate(const SimulateRequest& request) {
  const ModelEntry& entry = entry_named(request.model);
  SimulateReport report = entry.run(completed(request, entry));
  if (report.ensemble.failures == report.ensemble.trajectories) {
    throw std::runtime_error("every trajectory failed; the first: " +
                             report.ensemble.first_failures[0].outcome.message());
  }
  return report;
}

void add_simulate(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("simulate", "Simulate an ensemble of a model");
  SimulateRequest& request = arguments->request;
  command->add_option("model", request.model, "One of: " + join(model_names()))->required();
  command->add_option("--method", request.method, "A method that claims an order on the model");
  command->add_option("--steps", request.steps, "Steps of equal length (default: 200 a unit time)")
      ->check(whole_number(1));
  command->add_option("--t1", request.t1, "End time (default: the model's)")
      ->check(positive_number());
  command->add_option("--paths", request.paths, "Trajectories")
      ->check(whole_number(2))
      ->capture_default_str();
  command->add_option("--seed", request.seed, "Seed of the paths")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--start", request.start, "x0, one number a component")->delimiter(',');
  command->add_option("--set", arguments->settings, "name=value: a parameter of the model")
      ->delimiter(',');
  command->add_option("--times", request.times, "Times kept for the quantiles, at most")
      ->check(whole_number(2, 100000))
      ->capture_default_str();
  command->add_option("--threads", request.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command->add_option("--out",
                      arguments->out,
                      "Write result.json, moments.csv, fan.svg, histogram.svg and, below 1 GB, "
                      "values.npy to this folder");
  command->add_option("--json", arguments->json, "Write the record of the run to this file");
  command->add_option("--csv", arguments->csv, "Write moments and quantiles over time");
  command->add_option(
      "--npy", arguments->npy, "Keep all values and write them, [time, observable, trajectory]");
  command->add_option("--plot", arguments->plots, "Write the fan plot (.svg, .png)")
      ->delimiter(',');
  command->add_option("--checkpoint",
                      arguments->checkpoint,
                      "Keep what is done in this file, and go on from it when it is there; removed "
                      "at the end");
  command->add_option("--checkpoint-every", arguments->checkpoint_every, "Seconds")
      ->check(positive_number())
      ->capture_default_str();
  command->footer(model_help());
  command->callback([arguments] { with_crew([&](const Crew& crew) { run(*arguments, crew); }); });
}

}  // namespace stochflow::apps
