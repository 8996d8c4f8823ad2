#pragma once

// `stochflow sample`: images from a score network by any sampler under any schedule. The pieces are
// declared here because the demo uses them too.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/image.hpp"
#include "support/npy.hpp"

namespace CLI {
class App;
}

namespace stochflow::diffusion {
class NoisePredictor;
struct NetworkDescription;
}  // namespace stochflow::diffusion

namespace stochflow::apps {

struct SampleRequest {
  std::string method = "ode";
  std::string schedule = "log-snr";
  std::string grid = "log-snr";     // of the fixed-step methods
  std::int64_t steps = 250;         // of the fixed-step methods
  double rtol = 1e-2, atol = 1e-2;  // of ode and ggf
  std::string solver = "dopri5";    // of ode
  double signal_to_noise = 0.16;    // of the corrector
  int corrector_steps = 1;
  double eta = -1;          // share of noise; negative: the method's own
  int order = 3;            // of the multistep methods that have a choice
  double churn = 0;         // of edm
  int langevin_steps = 10;  // of annealed-langevin, at each level
  double langevin_step = 0.1;
  bool denoise = true;
  double gamma_end =
      -10;  // stop here, where the noise is below a grey level, if the schedule goes on
  std::int64_t n = 64;
  std::uint64_t first = 0;  // number of the first sample, which says what is random in it
  std::int64_t batch = 64;
  std::uint64_t seed = 1;
  std::filesystem::path model = {};  // empty: the shipped one
  std::string device = "cpu";
  int threads = 0;  // 0: one for each processor
  int frames = 0;   // of the trajectory of the first batch
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

struct SampleReport {
  Numbers x;  // [n, ...] in data units, -1 black to 1 white
  std::vector<Image> images;
  std::vector<std::vector<Image>> frames;  // [frame][image]
  double nfe = 0;                          // network evaluations a sample
  double seconds = 0;                      // without loading the network
};

std::vector<std::string> sampler_names();

/// Throws UsageError for unknown names and std::runtime_error when a run fails.
SampleReport run_sample(const SampleRequest& request);
/// The same with a model at hand, which replaces request.model; call `network_calls` (network.hpp)
/// before it is opened.
SampleReport run_sample(const SampleRequest& request,
                        const diffusion::NoisePredictor& model,
                        const diffusion::NetworkDescription& description);
/// Throws UsageError for names that do not exist.
void check(const SampleRequest& request);

/// The options that say how samples are drawn: method, schedule, steps and theirs, seed, device.
void add_sampler_options(CLI::App& command, SampleRequest& request);
/// The values of these options, for records.
nlohmann::json sampler_inputs(const SampleRequest& request);

/// All images on one picture, as square as can be, each enlarged twofold.
Image picture_of(const std::vector<Image>& images);

nlohmann::json sample_results(const SampleReport& report, const std::vector<std::string>& files);

}  // namespace stochflow::apps
