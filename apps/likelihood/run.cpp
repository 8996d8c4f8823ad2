// The computation itself: images in, figures out, those of an interrupted run taken from its file.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "ledger.hpp"
#include "likelihood/settings.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

using diffusion::ImageLikelihood;
using diffusion::LikelihoodOptions;
using diffusion::Schedule;

struct NoiseLevels {
  double gamma_min, gamma_max;
};

/// A network with the mixture-posterior head may be used beyond the noise levels of its training:
/// what it says of a pixel's clean value at the nearest trained level still holds, and the closed
/// form does the rest. That lowers the cut-off and the mismatch of the prior for few evaluations.
/// Any other network is used on its own levels only.
NoiseLevels noise_levels(const LikelihoodRequest& request, const OpenedNetwork& network) {
  if (network.knows_all_levels) return {request.gamma_min, request.gamma_max};
  const diffusion::NetworkDescription& description = network.description;
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

}  // namespace

LikelihoodReport run_likelihood(const LikelihoodRequest& request) {
  check(request);
  const diffusion::MicroBatch calls = network_calls(request.device, request.threads);
  const at::Tensor levels = mnist_images(request.part, {request.first, request.last}, request.data);
  const OpenedNetwork network = open_network(request.model, request.device);
  if (levels.sizes().slice(1) != at::IntArrayRef(network.description.data_shape)) {
    throw std::runtime_error("the network was made for images of another shape than MNIST's");
  }
  const diffusion::NoisePredictor& model = *network.model;
  const NoiseLevels range = noise_levels(request, network);
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

}  // namespace stochflow::apps
