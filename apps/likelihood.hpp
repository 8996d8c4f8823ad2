#pragma once

// `stochflow likelihood`: log-likelihoods of MNIST images under a score network, in bits/dim, with
// the errors they carry. The pieces are declared here because the demo uses them too.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ranks/ranks.hpp"
#include "support/image.hpp"

namespace stochflow::apps {

struct LikelihoodRequest {
  std::int64_t first = 0, last = 100;  // images [first, last)
  std::string part = "test";           // or train
  std::filesystem::path data = {};     // folder of the IDX files; empty: see mnist_folder
  std::string schedule = "log-snr";
  double gamma_min = -20, gamma_max = 8;  // noise levels used, see noise_levels in run.cpp
  std::string dequantise = "uniform";     // or truncated-normal, noised, decoded
  std::int64_t importance = 1;            // draws of the dequantisation, their weights averaged
  std::string trace = "hutchinson";       // or hutch++, exact
  std::string clock = "gamma";            // or log-sigma, time
  std::string probe = "rademacher";       // or gaussian
  std::int64_t probes = 1;
  std::string variate = "none";      // or gaussian
  std::int64_t probe_changes = 0;    // intervals of noise levels with signs of their own
  std::string solver = "per-image";  // or odeint
  std::string method = {};           // of per-image; empty: adams
  double atol = 0;       // on the state, in units of the noise; 0: what suits the method
  double atol_logp = 0;  // nats a step; likewise
  std::int64_t batch = 64;
  std::int64_t check = 16;  // images solved again for the error budget; 0: no budget
  std::int64_t bound = 0;   // noise levels an image for the bound beside the figure; 0: none
  double target_se = 0;     // stop once the mean is known to this, bits/dim; 0: all images
  std::uint64_t seed = 1;
  std::filesystem::path model = {};     // empty: the shipped one
  std::filesystem::path palettes = {};  // empty: none
  std::filesystem::path results = {};   // finished images are kept here and not computed again
  std::string device = "cpu";
  int threads = 0;
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

/// Of one image.
struct ScoredImage {
  std::int64_t image = 0;     // its number in the data set
  double bpd = 0;             // not a number when the solver gave up
  double log_likelihood = 0;  // ln P(levels) + D ln 128, nats: log p(x) for one uniform draw of x
  double log_density = 0;     // log p(x) of the first draw
  std::int64_t nfe = 0;       // of all draws
  std::int64_t rejected = 0;
  std::string status;
};

/// Errors in bits/dim that do not shrink with more images.
struct LikelihoodBudget {
  std::int64_t images = 0;           // solved again
  double solver_mean = 0;            // what they cost more at tolerances ten times tighter,
  double solver_standard_error = 0;  // its standard error
  double solver_rms = 0;             // and the root mean square over images
  double hutchinson_rms = 0;         // of one image's estimate, from another draw of its probes
  double cut_off = 0;                // the figure is too high by about this, see budget.hpp
  double cut_off_standard_error = 0;
  double prior_mismatch = 0;
};

/// The same images by their denoising errors (likelihood/denoising_bound.hpp), bits/dim.
struct LikelihoodBound {
  std::int64_t levels = 0;  // an image; 0: not measured
  double mean = 0, standard_error = 0;
  double above_flow = 0, above_flow_standard_error = 0;  // image by image, the first draw of each
};

struct LikelihoodReport {
  std::vector<ScoredImage> images;  // in the order of their numbers; with target_se a random part
  double bpd_mean = 0, bpd_standard_error = 0, nfe_mean = 0;  // over those that were solved
  std::int64_t failed = 0;
  LikelihoodBudget budget;
  LikelihoodBound bound;
  double seconds = 0;           // of the images computed now
  std::vector<Image> pictures;  // like images
};

/// Throws UsageError for unknown names and impossible ranges, std::runtime_error otherwise. Ranks
/// share the images out; every rank gets the whole report, with the same figures for any number of
/// ranks.
LikelihoodReport run_likelihood(const LikelihoodRequest& request, const Crew& crew = alone());

nlohmann::json likelihood_results(const LikelihoodReport& report);

/// One line an image, with a heading.
std::string likelihood_csv(const LikelihoodReport& report);

/// The mean and the error budget in words.
void print_likelihood(std::ostream& out, const LikelihoodReport& report);

/// One image's results as in the JSON list per_image, and back.
nlohmann::json entry_of(const ScoredImage& image);
ScoredImage image_of(const nlohmann::json& entry);

}  // namespace stochflow::apps
