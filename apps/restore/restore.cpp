#include "restore/restore.hpp"

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>

#include "network.hpp"
#include "stochflow/diffusion/guidance/decoupled_channels.hpp"
#include "stochflow/diffusion/guidance/dps.hpp"
#include "stochflow/diffusion/guidance/measured.hpp"
#include "stochflow/diffusion/guidance/repaint.hpp"
#include "stochflow/diffusion/samplers/ancestral.hpp"
#include "stochflow/diffusion/score/micro_batches.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/picture_or_numbers.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

using diffusion::Draw;
using diffusion::Measurement;
using diffusion::NoisePredictor;
using diffusion::SampleOptions;
using diffusion::Samples;
using diffusion::Schedule;

struct Task {
  const NoisePredictor& model;
  const Schedule& schedule;
  const Draw& draw;
  const std::vector<double>& times;
  const Measurement& measurement;
  const Restoration& restoration;
  const RestoreRequest& request;
  const SampleOptions& options;
};
using Method = Samples (*)(const Task&);

Samples by_mmps(const Task& t) {
  const diffusion::Measured measured(t.model, t.measurement, t.request.iterations);
  return diffusion::sample_ancestral(measured, t.schedule, t.draw, t.times, t.options);
}

Samples by_dps(const Task& t) {
  return diffusion::sample_dps(
      t.model, t.schedule, t.draw, t.times, t.measurement, t.request.zeta, t.options);
}

Samples by_repaint(const Task& t) {
  if (!t.restoration.known.defined()) {
    throw UsageError("--method repaint needs pixels that are known as they are: take mmps or dps");
  }
  const auto repainted = [&](const NoisePredictor& model, const at::Tensor& values) {
    return diffusion::sample_repaint(model,
                                     t.schedule,
                                     t.draw,
                                     t.times,
                                     {t.restoration.known, values},
                                     t.request.resamples,
                                     t.options);
  };
  const at::Tensor seen = t.restoration.picture(t.measurement.y);
  if (!t.restoration.decoupled) return repainted(t.model, seen);
  const diffusion::DecoupledChannels model(t.model, t.draw.shape[0], t.draw.options.device());
  Samples samples = repainted(model, model.decoupled(seen));
  samples.x = model.coupled(samples.x);
  return samples;
}

const std::map<std::string, Method>& methods() {
  static const std::map<std::string, Method> all{
      {"dps", by_dps}, {"mmps", by_mmps}, {"repaint", by_repaint}};
  return all;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& entry : methods()) names.push_back(entry.first);
  return names;
}

void check(const RestoreRequest& request) {
  range_of("--images", request.images);
  const std::vector<std::string> schedules = schedule_names();
  if (!methods().contains(request.method)) {
    throw unknown_name("method", request.method, method_names());
  }
  if (std::find(schedules.begin(), schedules.end(), request.schedule) == schedules.end()) {
    throw unknown_name("schedule", request.schedule, schedules);
  }
}

double rms(const at::Tensor& x) { return std::sqrt(x.square().mean().item<double>()); }

}  // namespace

RestoreReport run_restore(const RestoreRequest& request, const Restoration& restoration) {
  check(request);
  const Range range = range_of("--images", request.images);
  const diffusion::MicroBatch calls = network_calls(request.device, request.threads);
  const OpenedNetwork network =
      open_network(or_shipped(request.model, restoration.network), request.device);
  const auto& description = network.description;
  const diffusion::MicroBatches model(*network.model, calls);
  // Below gamma = -10 lies a twentieth of a grey level; the last denoising removes it.
  const Schedule schedule = schedule_named(
      request.schedule, std::max(description.gamma_min, -10.0), description.gamma_max);
  const std::vector<double> times = diffusion::log_snr_times(schedule, request.steps);

  // Clean values: the middles of the grey levels.
  at::Tensor levels = mnist_images("test", range);
  if (restoration.original) levels = restoration.original(levels, range.first);
  const at::Tensor truth = (levels.to(at::kDouble) + 0.5).to(request.device) / 128 - 1;
  check_made_for(description, truth.sizes().slice(1));
  const at::Tensor seen = restoration.A.apply(truth);
  const diffusion::SampleIds image_ids =
      diffusion::sample_range(static_cast<std::uint64_t>(range.first), truth.size(0));
  const RandomStream stream(request.seed, Purpose::initial_state);
  const bool exact = request.method == "repaint";
  const double noise = exact ? 0 : request.noise;
  const at::Tensor y = seen + noise * diffusion::normals(stream, image_ids, 0, seen);

  // Sample k of image i has a number of its own, whatever else is asked for.
  diffusion::SampleIds ids;
  for (const std::uint64_t image : image_ids) {
    for (std::int64_t k = 0; k < request.samples; ++k) {
      ids.push_back(image * 1000 + static_cast<std::uint64_t>(k));
    }
  }
  const Draw draw{.seed = request.seed,
                  .ids = ids,
                  .shape = description.data_shape,
                  .options = truth.options()};
  const Measurement measurement{
      .A = restoration.A, .y = y.repeat_interleave(request.samples, 0), .noise_std = request.noise};
  const double high = schedule.at(schedule.t1).gamma, low = schedule.at(schedule.t0).gamma;
  Progress progress("Restoring by " + request.method, 1000);
  const SampleOptions options{.observer = [&](const at::Tensor&, double t) {
    const double part = (high - schedule.at(t).gamma) / (high - low);
    progress.update(static_cast<std::int64_t>(1000 * part));
  }};
  const Stopwatch watch;
  const Samples found = methods().at(request.method)(
      {model, schedule, draw, times, measurement, restoration, request, options});
  if (!found.outcome.ok()) throw std::runtime_error("sampling failed: " + found.outcome.message());

  RestoreReport report;
  report.seconds = watch.seconds();
  report.nfe = static_cast<double>(found.nfe);
  report.residual = rms(measurement.y - restoration.A.apply(found.x));
  report.error = rms(found.x - truth.repeat_interleave(request.samples, 0));
  report.x = to_numbers(found.x);
  if (restoration.findings) report.findings = restoration.findings(found.x);
  report.columns = static_cast<int>(2 + request.samples);
  const auto originals = to_images(truth), measured = to_images(restoration.picture(y));
  const auto samples = to_images(found.x);
  for (std::size_t i = 0; i < originals.size(); ++i) {
    report.rows.push_back(originals[i]);
    report.rows.push_back(measured[i]);
    const auto first = samples.begin() + static_cast<std::ptrdiff_t>(i) * request.samples;
    report.rows.insert(report.rows.end(), first, first + request.samples);
  }
  return report;
}

void add_restore_options(CLI::App& command, std::function<Restoration()> restoration) {
  struct Arguments {
    RestoreRequest request;
    std::vector<std::string> out;
    std::string json;
  };
  auto arguments = std::make_shared<Arguments>();
  RestoreRequest& request = arguments->request;
  command.add_option("--images", request.images, "Test images FIRST:LAST, the last not included")
      ->capture_default_str();
  command.add_option("--samples", request.samples, "Of each image")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command.add_option("--method", request.method, "One of: " + join(method_names()))
      ->capture_default_str();
  command.add_option("--schedule", request.schedule, "One of: " + join(schedule_names()))
      ->capture_default_str();
  command.add_option("--steps", request.steps, "Ancestral steps, equal in log SNR")
      ->check(whole_number(1))
      ->capture_default_str();
  command.add_option("--iterations", request.iterations, "Of mmps: conjugate gradients")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command.add_option("--zeta", request.zeta, "Of dps: length of its step")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--resamples", request.resamples, "Of repaint; 1: replacement alone")
      ->check(whole_number(1, 10000))
      ->capture_default_str();
  command
      .add_option("--noise",
                  request.noise,
                  "Standard deviation of the measurement's noise, white "
                  "being 1 and black -1 (repaint measures without)")
      ->check(positive_number())
      ->capture_default_str();
  command
      .add_option("--out",
                  arguments->out,
                  "Write truth, measurement and samples (.png), or the samples' numbers (.npy)")
      ->delimiter(',');
  command.add_option("--json", arguments->json, "Write the record of the run to this file");
  command.add_option("--seed", request.seed, "Seed")->check(whole_number(0))->capture_default_str();
  command.add_option("--model", request.model, model_help);
  command.add_option("--device", request.device, "cpu, cuda, cuda:1, ...")->capture_default_str();
  command.add_option("--threads", request.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  const std::string name = command.get_name();
  command.callback([arguments, name, restoration = std::move(restoration)] {
    const RestoreRequest& asked = arguments->request;
    check(asked);
    prepare_pictures_or_numbers(arguments->out);
    if (!arguments->json.empty()) prepare_output(arguments->json);
    const RestoreReport report = run_restore(asked, restoration());
    write_picture_or_numbers(
        arguments->out, enlarge(tile(report.rows, report.columns), 2), report.x);
    std::cout << "by " << asked.method << ": " << significant(report.nfe, 4)
              << " network evaluations a sample, " << significant(report.seconds, 3) << " s\n"
              << "  root mean square of y - A x   " << significant(report.residual, 3) << " (noise "
              << (asked.method == "repaint" ? 0 : asked.noise) << ")\n"
              << "  root mean square of x - truth " << significant(report.error, 3) << '\n';
    for (const Finding& finding : report.findings) {
      std::cout << "  " << finding.sentence << ' ' << significant(finding.value, 3) << '\n';
    }
    for (const std::string& file : arguments->out) std::cout << "wrote " << file << '\n';
    if (!arguments->json.empty()) {
      nlohmann::json record = run_record(name,
                                         {{"images", asked.images},
                                          {"samples", asked.samples},
                                          {"method", asked.method},
                                          {"schedule", asked.schedule},
                                          {"steps", asked.steps},
                                          {"iterations", asked.iterations},
                                          {"zeta", asked.zeta},
                                          {"resamples", asked.resamples},
                                          {"noise", asked.noise},
                                          {"model", asked.model.string()},
                                          {"device", asked.device},
                                          {"seed", asked.seed}});
      record["wall_seconds"] = report.seconds;
      record["results"] = {{"nfe", report.nfe},
                           {"seconds", report.seconds},
                           {"residual", report.residual},
                           {"error", report.error},
                           {"files", arguments->out}};
      for (const Finding& finding : report.findings) {
        record["results"][finding.name] = finding.value;
      }
      write_json(arguments->json, record);
    }
  });
}

}  // namespace stochflow::apps
