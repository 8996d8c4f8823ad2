#include "likelihood.hpp"

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include "commands.hpp"
#include "data.hpp"
#include "ledger.hpp"
#include "network.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "support/json.hpp"
#include "support/options.hpp"
#include "support/output.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

namespace stochflow::apps {
namespace {

using diffusion::ImageLikelihood;
using diffusion::LikelihoodOptions;
using diffusion::Schedule;

constexpr std::int64_t embedded_images = 1000;

template <class T>
T named(const std::string& kind, const std::string& name, const std::map<std::string, T>& values) {
  const auto found = values.find(name);
  if (found != values.end()) return found->second;
  std::vector<std::string> valid;
  for (const auto& value : values) valid.push_back(value.first);
  throw unknown_name(kind, name, valid);
}

LikelihoodOptions options_of(const LikelihoodRequest& request) {
  using namespace diffusion;
  return {.trace = named<Trace>(
              "trace", request.trace, {{"hutchinson", Trace::hutchinson}, {"exact", Trace::exact}}),
          .probe = named<Probe>("probe",
                                request.probe,
                                {{"rademacher", Probe::rademacher}, {"gaussian", Probe::gaussian}}),
          .probes = request.probes,
          .seed = request.seed,
          .tolerance = {.atol = request.atol, .atol_log_density = request.atol_logp},
          .solver = named<LikelihoodSolver>(
              "solver",
              request.solver,
              {{"per-image", LikelihoodSolver::per_image}, {"odeint", LikelihoodSolver::odeint}}),
          .method = named<Tableau>("method",
                                   request.method,
                                   {{"bogacki-shampine32", bogacki_shampine32},
                                    {"dormand-prince54", dormand_prince54},
                                    {"tsitouras54", tsitouras54}}),
          .batch = request.batch};
}

void check(const LikelihoodRequest& request) {
  options_of(request);
  named<diffusion::MnistPart>(
      "part",
      request.part,
      {{"test", diffusion::MnistPart::test}, {"train", diffusion::MnistPart::train}});
  const std::vector<std::string> schedules = schedule_names();
  if (std::find(schedules.begin(), schedules.end(), request.schedule) == schedules.end()) {
    throw unknown_name("schedule", request.schedule, schedules);
  }
  if (!(request.gamma_min < request.gamma_max)) {
    throw UsageError("--gamma-min must be below --gamma-max");
  }
  if (request.first < 0 || request.last <= request.first) {
    throw UsageError("--images expects FIRST:LAST with FIRST < LAST, found " +
                     std::to_string(request.first) + ":" + std::to_string(request.last));
  }
}

/// The folder of the IDX files: the one asked for, or the images that come with the program where
/// they are enough, or where `stochflow data mnist` puts them.
std::filesystem::path mnist_folder(const LikelihoodRequest& request) {
  if (!request.data.empty()) return request.data;
  if (request.part == "test" && request.last <= embedded_images) {
    return resource("data/t10k-images-idx3-ubyte.gz").parent_path();
  }
  return data_folder();
}

at::Tensor images_of(const LikelihoodRequest& request) {
  const auto part =
      request.part == "test" ? diffusion::MnistPart::test : diffusion::MnistPart::train;
  const diffusion::LabelledImages all = diffusion::read_mnist(mnist_folder(request), part);
  if (request.last > all.size()) {
    throw UsageError("--images " + std::to_string(request.first) + ":" +
                     std::to_string(request.last) + " asks for more than the " +
                     std::to_string(all.size()) + " images there are");
  }
  return all.images.slice(0, request.first, request.last);
}

/// A 64-bit fingerprint of a file's bytes (FNV-1a): enough to notice that it is another file.
std::string fingerprint(const std::filesystem::path& file) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : read_file(file)) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

/// Everything that an image's figure depends on, but for its number.
nlohmann::json settings_of(const LikelihoodRequest& request) {
  return {{"part", request.part},
          {"schedule", request.schedule},
          {"gamma_min", request.gamma_min},
          {"gamma_max", request.gamma_max},
          {"trace", request.trace},
          {"probe", request.probe},
          {"probes", request.probes},
          {"solver", request.solver},
          {"method", request.method},
          {"atol", request.atol},
          {"atol_logp", request.atol_logp},
          {"seed", request.seed},
          {"model", fingerprint(network_file(request.model))}};
}

struct NoiseLevels {
  double gamma_min, gamma_max;
};

/// A network with the mixture-posterior head may be used beyond the noise levels of its training:
/// what it says of a pixel's clean value at the nearest trained level still holds, and the closed
/// form does the rest. That lowers the cut-off and the mismatch of the prior for few evaluations.
/// Any other network is used on its own levels only.
NoiseLevels noise_levels(const LikelihoodRequest& request,
                         const diffusion::ScoreNetwork& network,
                         const diffusion::NetworkDescription& description) {
  if (network.config().head == diffusion::Head::mixture_posterior) {
    return {request.gamma_min, request.gamma_max};
  }
  return {std::max(request.gamma_min, description.gamma_min),
          std::min(request.gamma_max, description.gamma_max)};
}

ScoredImage scored(const ImageLikelihood& found, std::int64_t dimensions) {
  return {.image = static_cast<std::int64_t>(found.id),
          .bpd = diffusion::bits_per_dim(found.log_density, dimensions),
          .log_likelihood = found.log_density,
          .nfe = found.nfe,
          .rejected = found.rejected,
          .status = found.outcome.ok() ? "ok" : found.outcome.message()};
}

/// A number, or null for what is none: JSON has no NaN.
nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json entry_of(const ScoredImage& image) {
  return {{"image", image.image},
          {"bpd", number(image.bpd)},
          {"log_likelihood", number(image.log_likelihood)},
          {"nfe", image.nfe},
          {"rejected", image.rejected},
          {"status", image.status}};
}

ScoredImage image_of(const nlohmann::json& entry) {
  const auto value = [&](const char* key) {
    return entry.at(key).is_null() ? std::nan("") : entry.at(key).get<double>();
  };
  return {.image = entry.at("image"),
          .bpd = value("bpd"),
          .log_likelihood = value("log_likelihood"),
          .nfe = entry.at("nfe"),
          .rejected = entry.at("rejected"),
          .status = entry.at("status")};
}

/// Images by number, with what the ledger already knows.
std::map<std::int64_t, ScoredImage> known_images(const std::optional<Ledger>& ledger,
                                                 const LikelihoodRequest& request) {
  std::map<std::int64_t, ScoredImage> known;
  if (!ledger) return known;
  for (const nlohmann::json& entry : ledger->entries()) {
    const ScoredImage image = image_of(entry);
    if (image.image >= request.first && image.image < request.last) known[image.image] = image;
  }
  return known;
}

/// Images solved again for the budget, spread evenly over the range.
struct Sample {
  at::Tensor x;
  diffusion::SampleIds ids;
};

Sample spread(const at::Tensor& x, const diffusion::SampleIds& ids, std::int64_t wanted) {
  const std::int64_t N = x.size(0), count = std::min(wanted, N);
  std::vector<std::int64_t> rows;
  Sample sample;
  for (std::int64_t k = 0; k < count; ++k) {
    rows.push_back(k * N / count);
    sample.ids.push_back(ids[static_cast<std::size_t>(rows.back())]);
  }
  sample.x = x.index_select(0, at::tensor(rows, at::kLong));
  return sample;
}

LikelihoodBudget budget_of(const diffusion::NoisePredictor& model,
                           const Schedule& schedule,
                           const at::Tensor& x,
                           const diffusion::SampleIds& ids,
                           const LikelihoodOptions& options,
                           std::int64_t images,
                           const std::map<std::int64_t, ScoredImage>& known) {
  const Sample sample = spread(x, ids, images);
  const std::int64_t D = x.numel() / x.size(0);
  std::vector<ImageLikelihood> reported;
  for (const std::uint64_t id : sample.ids) {
    const ScoredImage& image = known.at(static_cast<std::int64_t>(id));
    reported.push_back(
        {.id = id,
         .log_density = image.log_likelihood,
         .outcome = {.status = image.status == "ok" ? Status::ok : Status::not_finite}});
  }
  LikelihoodOptions careful = diffusion::tighter(options);
  // No room is left empty: the batch shrinks to the sample.
  careful.batch = std::min(options.batch, static_cast<std::int64_t>(sample.ids.size()));
  const auto fine = log_likelihood(model, schedule, sample.x, sample.ids, careful);
  const diffusion::Estimate solver = difference(reported, fine, D);
  LikelihoodBudget budget{.images = solver.count,
                          .solver_mean = solver.mean,
                          .solver_standard_error = solver.standard_error,
                          .solver_rms = solver.rms};
  if (options.trace == diffusion::Trace::hutchinson) {
    LikelihoodOptions other = options;
    other.seed += 0x9E3779B97F4A7C15;
    other.batch = careful.batch;
    const auto again = log_likelihood(model, schedule, sample.x, sample.ids, other);
    budget.hutchinson_rms = difference(reported, again, D).rms / std::sqrt(2.0);
  }
  const diffusion::Estimate cut = cut_off(model, schedule, x, ids, options);
  budget.cut_off = cut.mean;
  budget.cut_off_standard_error = cut.standard_error;
  budget.prior_mismatch = prior_mismatch(schedule, x);
  return budget;
}

GreyImage picture_of_levels(const at::Tensor& image) {
  const at::Tensor flat = image.contiguous();
  const auto* pixels = flat.data_ptr<std::uint8_t>();
  return {static_cast<int>(image.size(-1)),
          static_cast<int>(image.size(-2)),
          std::vector<std::uint8_t>(pixels, pixels + flat.numel())};
}

std::string csv_of(const LikelihoodReport& report) {
  std::ostringstream text;
  text.precision(17);
  text << "image,bpd,log_likelihood,nfe,rejected,status\n";
  for (const ScoredImage& image : report.images) {
    text << image.image << ',' << image.bpd << ',' << image.log_likelihood << ',' << image.nfe
         << ',' << image.rejected << ",\"" << image.status << "\"\n";
  }
  return text.str();
}

void print(const LikelihoodReport& report, const LikelihoodRequest& request) {
  const LikelihoodBudget& budget = report.budget;
  std::cout << report.images.size() << " images: " << fixed(report.bpd_mean, 4) << " +- "
            << fixed(report.bpd_standard_error, 4) << " bits/dim, " << fixed(report.nfe_mean, 1)
            << " network evaluations an image, " << significant(report.seconds, 3) << " s\n";
  if (report.failed > 0) {
    std::cout << report.failed << " images could not be solved and are left out of the mean\n";
  }
  if (request.check == 0) return;
  std::cout << "Error budget, bits/dim (the standard error above covers data, dequantisation and "
               "probes):\n"
            << "  solver          " << fixed(budget.solver_mean, 5) << " +- "
            << fixed(budget.solver_standard_error, 5) << " on average, "
            << fixed(budget.solver_rms, 5) << " root mean square (" << budget.images
            << " images again at tolerances ten times tighter)\n"
            << "  Hutchinson      " << fixed(budget.hutchinson_rms, 5) << " an image\n"
            << "  cut-off         " << fixed(budget.cut_off, 5) << " +- "
            << fixed(budget.cut_off_standard_error, 5) << " too high, estimated\n"
            << "  prior mismatch  " << fixed(budget.prior_mismatch, 6) << '\n';
}

struct Arguments {
  LikelihoodRequest request;
  std::string images = "0:100";
  std::string json, csv;
};

void parse_images(Arguments& arguments) {
  const std::string& text = arguments.images;
  const std::size_t colon = text.find(':');
  const bool digits = text.find_first_not_of("0123456789:") == std::string::npos;
  const bool sound = digits && colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
                     text.size() < 20 && text.find(':', colon + 1) == std::string::npos;
  if (!sound) throw UsageError("--images expects FIRST:LAST, found '" + text + "'");
  arguments.request.first = std::stoll(text.substr(0, colon));
  arguments.request.last = std::stoll(text.substr(colon + 1));
}

void run(Arguments arguments) {
  parse_images(arguments);
  LikelihoodRequest& request = arguments.request;
  check(request);
  for (const std::string& file : {arguments.json, arguments.csv}) {
    if (!file.empty()) prepare_output(file);
  }
  Progress progress("Likelihoods", request.last - request.first);
  request.progress = [&](std::int64_t done, std::int64_t) { progress.update(done); };
  const LikelihoodReport report = run_likelihood(request);
  print(report, request);
  if (!arguments.csv.empty()) write_atomically(arguments.csv, csv_of(report));
  if (!arguments.json.empty()) {
    nlohmann::json inputs = settings_of(request);
    inputs["images"] = arguments.images;
    inputs["batch"] = request.batch;
    inputs["check"] = request.check;
    inputs["device"] = request.device;
    nlohmann::json record = run_record("likelihood", inputs);
    record["wall_seconds"] = report.seconds;
    record["results"] = likelihood_results(report);
    write_json(arguments.json, record);
  }
}

}  // namespace

LikelihoodReport run_likelihood(const LikelihoodRequest& request) {
  check(request);
  const diffusion::MicroBatch calls = network_calls(request.device, request.threads);
  const at::Tensor levels = images_of(request);
  const auto [network, description] =
      diffusion::load_network(network_file(request.model), request.device);
  if (levels.sizes().slice(1) != at::IntArrayRef(description.data_shape)) {
    throw std::runtime_error("the network was made for images of another shape than MNIST's");
  }
  const diffusion::NoisePredictor& model = *network;
  const NoiseLevels range = noise_levels(request, *network, description);
  const Schedule schedule = schedule_named(request.schedule, range.gamma_min, range.gamma_max);
  LikelihoodOptions options = options_of(request);
  options.micro = calls;
  const diffusion::SampleIds ids = diffusion::sample_range(
      static_cast<std::uint64_t>(request.first), request.last - request.first);
  const at::Tensor x = diffusion::dequantised(levels, request.seed, ids).to(request.device);
  const std::int64_t N = x.size(0), D = x.numel() / N;

  std::optional<Ledger> ledger;
  if (!request.results.empty()) ledger.emplace(request.results, settings_of(request));
  std::map<std::int64_t, ScoredImage> known = known_images(ledger, request);
  const auto report_progress = [&] {
    if (request.progress) request.progress(static_cast<std::int64_t>(known.size()), N);
  };
  report_progress();

  LikelihoodReport report;
  const Stopwatch watch;
  diffusion::SampleIds missing;
  std::vector<std::int64_t> rows;
  for (const std::uint64_t id : ids) {
    if (known.contains(static_cast<std::int64_t>(id))) continue;
    missing.push_back(id);
    rows.push_back(static_cast<std::int64_t>(id) - request.first);
  }
  if (!missing.empty()) {
    const at::Tensor picked = at::tensor(rows, at::kLong).to(x.device());
    LikelihoodOptions fitting = options;
    fitting.batch = std::min(options.batch, static_cast<std::int64_t>(missing.size()));
    log_likelihood(model,
                   schedule,
                   x.index_select(0, picked),
                   missing,
                   fitting,
                   [&](const ImageLikelihood& found) {
                     const ScoredImage image = scored(found, D);
                     known[image.image] = image;
                     if (ledger) ledger->append(entry_of(image));
                     report_progress();
                   });
  }
  report.seconds = watch.seconds();

  std::vector<double> bits;
  for (const auto& [number, image] : known) {
    report.images.push_back(image);
    report.pictures.push_back(picture_of_levels(levels[number - request.first]));
    if (image.status != "ok") {
      ++report.failed;
      continue;
    }
    bits.push_back(image.bpd);
    report.nfe_mean += static_cast<double>(image.nfe);
  }
  if (bits.empty()) {
    throw std::runtime_error("no image could be solved; the first: " + report.images[0].status);
  }
  const diffusion::Estimate mean = diffusion::estimate(bits);
  report.bpd_mean = mean.mean;
  report.bpd_standard_error = mean.standard_error;
  report.nfe_mean /= static_cast<double>(bits.size());
  if (request.check > 0) {
    report.budget = budget_of(model, schedule, x, ids, options, request.check, known);
  }
  return report;
}

nlohmann::json likelihood_results(const LikelihoodReport& report) {
  nlohmann::json per_image = nlohmann::json::array();
  for (const ScoredImage& image : report.images) per_image.push_back(entry_of(image));
  const LikelihoodBudget& budget = report.budget;
  return {{"bpd_mean", report.bpd_mean},
          {"bpd_standard_error", report.bpd_standard_error},
          {"images", report.images.size()},
          {"failed", report.failed},
          {"nfe_mean", report.nfe_mean},
          {"seconds", report.seconds},
          {"budget",
           {{"images", budget.images},
            {"solver_mean", budget.solver_mean},
            {"solver_standard_error", budget.solver_standard_error},
            {"solver_rms", budget.solver_rms},
            {"hutchinson_rms", budget.hutchinson_rms},
            {"cut_off", budget.cut_off},
            {"cut_off_standard_error", budget.cut_off_standard_error},
            {"prior_mismatch", budget.prior_mismatch}}},
          {"per_image", per_image}};
}

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
  command->add_option("--trace", request.trace, "hutchinson or exact")->capture_default_str();
  command->add_option("--probe", request.probe, "rademacher or gaussian")->capture_default_str();
  command->add_option("--probes", request.probes, "For each image")
      ->check(whole_number(1, 10000))
      ->capture_default_str();
  command
      ->add_option("--solver",
                   request.solver,
                   "per-image: its own steps for each image; odeint: one step size for a batch")
      ->capture_default_str();
  command
      ->add_option("--method",
                   request.method,
                   "Of per-image: dormand-prince54, tsitouras54, bogacki-shampine32")
      ->capture_default_str();
  command->add_option("--atol", request.atol, "Tolerance on the state, in units of the noise")
      ->check(positive_number())
      ->capture_default_str();
  command->add_option("--atol-logp", request.atol_logp, "On the log density, nats a step")
      ->check(positive_number())
      ->capture_default_str();
  command->add_option("--batch", request.batch, "Images at a time")
      ->check(whole_number(1, 100000))
      ->capture_default_str();
  command
      ->add_option(
          "--check", request.check, "Images solved again for the error budget; 0: no budget")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--seed", request.seed, "Of dequantisation and probes")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--results",
                      request.results,
                      "Keep finished images in this file, and go on from it after an interruption");
  command->add_option("--model", request.model, "Checkpoint (default: the shipped one)");
  command->add_option("--device", request.device, "cpu, cuda, cuda:1, ...")->capture_default_str();
  command->add_option("--threads", request.threads, "0: one for each processor")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command->add_option("--csv", arguments->csv, "Write one line for each image");
  command->add_option("--json", arguments->json, "Write the record of the run to this file");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace stochflow::apps
