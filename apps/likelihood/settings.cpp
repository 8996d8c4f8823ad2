#include "likelihood/settings.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "network.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "support/errors.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

template <class T>
T named(const std::string& kind, const std::string& name, const std::map<std::string, T>& values) {
  const auto found = values.find(name);
  if (found != values.end()) return found->second;
  std::vector<std::string> valid;
  for (const auto& value : values) valid.push_back(value.first);
  throw unknown_name(kind, name, valid);
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

}  // namespace

LikelihoodRequest decided(LikelihoodRequest request) {
  if (request.method.empty()) {
    request.method = request.solver == "odeint" ? "dormand-prince54" : "adams";
  }
  const bool adams = request.method == "adams";
  // Where x keeps to the middles of its levels, adams leaves three times the error.
  const double width = request.dequantise == "truncated-normal" ? 0.5 : 1;
  if (request.atol == 0) request.atol = adams ? width * 0.03 : 0.01;
  if (request.atol_logp == 0) request.atol_logp = adams ? width : 0.3;
  return request;
}

diffusion::LikelihoodOptions options_of(const LikelihoodRequest& request) {
  using namespace diffusion;
  return {.trace = named<Trace>("trace",
                                request.trace,
                                {{"hutchinson", Trace::hutchinson},
                                 {"hutch++", Trace::hutch_plus_plus},
                                 {"exact", Trace::exact}}),
          .probe = named<Probe>("probe",
                                request.probe,
                                {{"rademacher", Probe::rademacher}, {"gaussian", Probe::gaussian}}),
          .probes = request.probes,
          .seed = request.seed,
          .probe_changes = equal_probe_changes(request.probe_changes),
          .tolerance = {.atol = request.atol, .atol_log_density = request.atol_logp},
          .solver = named<LikelihoodSolver>(
              "solver",
              request.solver,
              {{"per-image", LikelihoodSolver::per_image}, {"odeint", LikelihoodSolver::odeint}}),
          .method = named<BatchMethod>("method",
                                       request.method,
                                       {{"adams", Adams{}},
                                        {"bogacki-shampine32", bogacki_shampine32},
                                        {"dormand-prince54", dormand_prince54},
                                        {"dormand-prince853", dormand_prince853},
                                        {"tsitouras54", tsitouras54}}),
          .clock = named<Clock>(
              "clock",
              request.clock,
              {{"gamma", Clock::gamma}, {"log-sigma", Clock::log_sigma}, {"time", Clock::time}}),
          .batch = request.batch};
}

void check(const LikelihoodRequest& request) {
  options_of(request);
  const std::vector<std::string> dequantisations{
      "uniform", "truncated-normal", "noised", "decoded"};
  if (std::find(dequantisations.begin(), dequantisations.end(), request.dequantise) ==
      dequantisations.end()) {
    throw unknown_name("dequantisation", request.dequantise, dequantisations);
  }
  named<diffusion::MnistPart>(
      "part",
      request.part,
      {{"test", diffusion::MnistPart::test}, {"train", diffusion::MnistPart::train}});
  if (request.importance > 1 && request.trace != "exact") {
    throw UsageError(
        "--importance averages exp(log p) over draws, where the noise of Hutchinson's estimate, "
        "some 10 nats an image, would pass for good draws: add --trace exact");
  }
  if (request.bound > 0 && request.dequantise != "uniform") {
    throw UsageError("--bound is one on the density of clean images, and --dequantise " +
                     request.dequantise +
                     " scores images at the lowest noise level: leave one of them out");
  }
  if (request.variate != "none" && request.variate != "gaussian") {
    throw unknown_name("control variate", request.variate, {"none", "gaussian"});
  }
  if (request.variate != "none" && request.trace != "hutchinson") {
    throw UsageError("--control-variate is for --trace hutchinson: leave one of them out");
  }
  if (request.trace == "hutch++" && request.probes < 3) {
    throw UsageError("--trace hutch++ divides its probes into thirds: add --probes 3 or more");
  }
  const std::vector<std::string> schedules = schedule_names();
  if (std::find(schedules.begin(), schedules.end(), request.schedule) == schedules.end()) {
    throw unknown_name("schedule", request.schedule, schedules);
  }
  if (!(request.gamma_min < request.gamma_max)) {
    throw UsageError("--gamma-min must be below --gamma-max");
  }
  if (request.probe_changes > 0 && request.solver != "per-image") {
    throw UsageError("--probe-changes needs --solver per-image, which ends steps there");
  }
  if (request.first < 0 || request.last <= request.first) {
    throw UsageError("--images expects FIRST:LAST with FIRST < LAST, found " +
                     std::to_string(request.first) + ":" + std::to_string(request.last));
  }
}

nlohmann::json settings_of(const LikelihoodRequest& request) {
  return {
      {"part", request.part},
      {"schedule", request.schedule},
      {"dequantise", request.dequantise},
      {"importance", request.importance},
      {"clock", request.clock},
      {"gamma_min", request.gamma_min},
      {"gamma_max", request.gamma_max},
      {"trace", request.trace},
      {"probe", request.probe},
      {"probes", request.probes},
      {"probe_changes", request.probe_changes},
      {"control_variate", request.variate},
      {"solver", request.solver},
      {"method", request.method},
      {"atol", request.atol},
      {"atol_logp", request.atol_logp},
      {"seed", request.seed},
      {"model", fingerprint(network_file(request.model))},
      {"palettes", request.palettes.empty() ? "" : fingerprint(or_shipped(request.palettes, ""))}};
}

}  // namespace stochflow::apps
