#include "sample.hpp"

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <utility>

#include "commands.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "sample/methods.hpp"
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
using diffusion::Samples;
using diffusion::Schedule;

/// Keeps the first states at or below equally spaced noise levels, as seen by the network.
class Filming {
 public:
  Filming(const Schedule& schedule, int frames, SampleReport& report)
      : schedule_(schedule), frames_(frames), report_(report) {}

  void operator()(const at::Tensor& x, double t) {
    const double high = schedule_.at(schedule_.t1).gamma, low = schedule_.at(schedule_.t0).gamma;
    const diffusion::Level level = schedule_.at(t);
    const double part = (high - level.gamma) / (high - low);
    const auto due = static_cast<std::size_t>(std::floor(part * frames_ + 1e-9));
    if (frames_ == 0 || due < next_) return;
    next_ = due + 1;
    report_.frames.push_back(to_images(x / level.scale()));
  }

 private:
  const Schedule& schedule_;
  int frames_;
  SampleReport& report_;
  std::size_t next_ = 0;
};

struct Arguments {
  SampleRequest request;
  std::vector<std::string> out;
  std::string gif, json;
  int frames = 60;
};

void run(const Arguments& arguments) {
  SampleRequest request = arguments.request;
  check(request);
  prepare_pictures_or_numbers(arguments.out);
  for (const std::string& file : {arguments.gif, arguments.json}) {
    if (!file.empty()) prepare_output(file);
  }
  if (!arguments.gif.empty()) request.frames = arguments.frames;

  Progress progress("Sampling by " + request.method, 1000);
  request.progress = shown_by(progress);
  const SampleReport report = run_sample(request);

  std::vector<std::string> files = arguments.out;
  write_picture_or_numbers(arguments.out, picture_of(report.images), report.x);
  if (!arguments.gif.empty()) {
    std::vector<Image> frames;
    for (const auto& frame : report.frames) frames.push_back(picture_of(frame));
    write_gif(arguments.gif, frames, 6);
    files.push_back(arguments.gif);
  }
  std::cout << request.n << " samples by " << request.method << " under " << request.schedule
            << ": " << significant(report.nfe, 4) << " network evaluations a sample, "
            << significant(report.seconds, 3) << " s\n";
  for (const std::string& file : files) std::cout << "wrote " << file << '\n';
  if (!arguments.json.empty()) {
    nlohmann::json inputs = sampler_inputs(request);
    inputs["n"] = request.n;
    inputs["model"] = request.model.string();
    nlohmann::json record = run_record("sample", inputs);
    record["wall_seconds"] = report.seconds;
    record["results"] = sample_results(report, files);
    write_json(arguments.json, record);
  }
}

}  // namespace

void check(const SampleRequest& request) {
  sample_method(request.method);
  check_solver(request.solver);
  const std::vector<std::string> schedules = schedule_names(), grids = grid_names();
  if (std::find(schedules.begin(), schedules.end(), request.schedule) == schedules.end()) {
    throw unknown_name("schedule", request.schedule, schedules);
  }
  if (std::find(grids.begin(), grids.end(), request.grid) == grids.end()) {
    throw unknown_name("grid", request.grid, grids);
  }
}

nlohmann::json sampler_inputs(const SampleRequest& request) {
  return {{"method", request.method},
          {"schedule", request.schedule},
          {"grid", request.grid},
          {"steps", request.steps},
          {"rtol", request.rtol},
          {"atol", request.atol},
          {"solver", request.solver},
          {"signal_to_noise", request.signal_to_noise},
          {"corrector_steps", request.corrector_steps},
          {"eta", request.eta},
          {"order", request.order},
          {"churn", request.churn},
          {"langevin_steps", request.langevin_steps},
          {"langevin_step", request.langevin_step},
          {"denoise", request.denoise},
          {"gamma_end", request.gamma_end},
          {"batch", request.batch},
          {"device", request.device},
          {"seed", request.seed}};
}

SampleReport run_sample(const SampleRequest& request) {
  check(request);
  network_calls(request.device, request.threads);
  const OpenedNetwork network = open_network(request.model, request.device);
  return run_sample(request, *network.model, network.description);
}

SampleReport run_sample(const SampleRequest& request,
                        const diffusion::NoisePredictor& one_at_a_time,
                        const diffusion::NetworkDescription& description) {
  check(request);
  const SampleMethod sampler = sample_method(request.method);
  const diffusion::MicroBatches model(one_at_a_time,
                                      network_calls(request.device, request.threads));
  const double gamma_min = std::max(description.gamma_min, request.gamma_end);
  const Schedule schedule = schedule_named(request.schedule, gamma_min, description.gamma_max);
  const double high = schedule.at(schedule.t1).gamma, low = schedule.at(schedule.t0).gamma;

  SampleReport report;
  const Stopwatch watch;
  std::vector<at::Tensor> parts;
  double evaluations = 0;
  const std::int64_t stride = refills(request) ? request.n : request.batch;
  for (std::int64_t first = 0; first < request.n; first += stride) {
    const std::int64_t count = std::min(stride, request.n - first);
    const Draw draw{
        .seed = request.seed,
        .ids = diffusion::sample_range(request.first + static_cast<std::uint64_t>(first), count),
        .shape = description.data_shape,
        .options = at::TensorOptions().dtype(at::kDouble).device(request.device)};
    Filming film(schedule, first == 0 ? request.frames : 0, report);
    const auto observer = [&](const at::Tensor& x, double t) {
      film(x, t);
      if (!request.progress) return;
      const double part = (high - schedule.at(t).gamma) / (high - low);
      const double done = static_cast<double>(first) + part * static_cast<double>(count);
      request.progress(static_cast<std::int64_t>(1000 * done), 1000 * request.n);
    };
    const Samples found =
        sampler(model, schedule, draw, request, {.denoise = request.denoise, .observer = observer});
    if (!found.outcome.ok()) {
      throw std::runtime_error("sampling failed: " + found.outcome.message());
    }
    parts.push_back(found.x.to(at::kCPU));
    evaluations += static_cast<double>(found.nfe * count);
  }
  report.seconds = watch.seconds();
  const at::Tensor x = at::cat(parts);
  report.nfe = evaluations / static_cast<double>(request.n);
  report.images = to_images(x);
  if (request.frames > 0) {
    report.frames.push_back(
        {report.images.begin(), report.images.begin() + std::min(request.n, request.batch)});
  }
  report.x = to_numbers(x);
  return report;
}

Image picture_of(const std::vector<Image>& images) {
  const auto columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(images.size()))));
  return enlarge(tile(images, columns), 2);
}

nlohmann::json sample_results(const SampleReport& report, const std::vector<std::string>& files) {
  return {{"nfe", report.nfe}, {"seconds", report.seconds}, {"files", files}};
}

void add_sampler_options(CLI::App& command, SampleRequest& request) {
  command.add_option("--method", request.method, "One of: " + join(sampler_names()))
      ->capture_default_str();
  command.add_option("--schedule", request.schedule, "One of: " + join(schedule_names()))
      ->capture_default_str();
  command.add_option("--steps", request.steps, "Steps of all methods but ode and ggf")
      ->check(whole_number(1))
      ->capture_default_str();
  command.add_option("--grid", request.grid, "Their spacing: " + join(grid_names()))
      ->capture_default_str();
  command.add_option("--rtol", request.rtol, "Relative tolerance of ode and ggf")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--atol", request.atol, "Absolute one; a grey level is 0.008")
      ->check(positive_number())
      ->capture_default_str();
  command
      .add_option(
          "--solver,--stepper",
          request.solver,
          "Of ode: " + join(ode_solver_names()) + " (tsit5, dop853: steps of each sample's own)")
      ->capture_default_str();
  command.add_option("--snr", request.signal_to_noise, "Signal-to-noise ratio of pc's corrector")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--corrector-steps", request.corrector_steps, "Of pc, at every time")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  command
      .add_option("--eta",
                  request.eta,
                  "Share of noise of ddim, dpmpp-2s (usually 0), dpmpp-sde, dpmpp-3m-sde (1)")
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option(
          "--order", request.order, "Of unipc (1 to 5), deis (1 to 4) and dpm-solver (1 to 3)")
      ->check(whole_number(1, 5))
      ->capture_default_str();
  command.add_option("--churn", request.churn, "Of edm: noise put back, over all steps")
      ->check(number_not_negative())
      ->capture_default_str();
  command.add_option("--langevin-steps", request.langevin_steps, "Of annealed-langevin, a level")
      ->check(whole_number(1, 65535))
      ->capture_default_str();
  command
      .add_option(
          "--langevin-step", request.langevin_step, "Its step size over the noise's variance")
      ->check(positive_number())
      ->capture_default_str();
  command.add_flag("!--no-denoise", request.denoise, "Leave the noise of the last time in");
  command
      .add_option("--gamma-end",
                  request.gamma_end,
                  "End at this -log SNR when the schedule and the network go further")
      ->capture_default_str();
  command.add_option("--batch", request.batch, "Images at a time")
      ->check(whole_number(1))
      ->capture_default_str();
  command.add_option("--seed", request.seed, "Seed")->check(whole_number(0))->capture_default_str();
  command.add_option("--device", request.device, "cpu, cuda, cuda:1, ...")->capture_default_str();
  command.add_option("--threads", request.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
}

void add_sample(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("sample", "Generate images with a score network");
  SampleRequest& request = arguments->request;
  add_sampler_options(*command, request);
  command->add_option("--n", request.n, "Images")->check(whole_number(1))->capture_default_str();
  command->add_option("--model", request.model, model_help);
  command->add_option("--out", arguments->out, "Picture (.png) or numbers (.npy) to write")
      ->delimiter(',');
  command->add_option("--gif", arguments->gif, "Animation of the first batch to write");
  command->add_option("--frames", arguments->frames, "Of the animation, at most")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command->add_option("--json", arguments->json, "Write the record of the run to this file");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace stochflow::apps
