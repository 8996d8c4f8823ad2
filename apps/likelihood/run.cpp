// The computation itself: images in, figures out, those of an interrupted run taken from its file.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "likelihood/finished.hpp"
#include "likelihood/settings.hpp"
#include "mnist_images.hpp"
#include "network.hpp"
#include "ranks/shares.hpp"
#include "stochflow/diffusion/likelihood/budget.hpp"
#include "stochflow/diffusion/likelihood/denoising_bound.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/noised.hpp"
#include "stochflow/diffusion/train/plan.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"

namespace stochflow::apps {
namespace {

using diffusion::ImageLikelihood;
using diffusion::LikelihoodOptions;
using diffusion::Schedule;

/// Draw j of an image has the number image + j * draw_stride.
constexpr std::uint64_t draw_stride = std::uint64_t{1} << 32;

struct NoiseLevels {
  double gamma_min, gamma_max;
};

/// What pays for the noise of --dequantise noised and decoded.
diffusion::Decoder decoder_of(const LikelihoodRequest& request,
                              const OpenedNetwork& network,
                              const LikelihoodOptions& options) {
  if (request.dequantise == "noised") {
    return diffusion::normal_decoder(*network.model, options.dtype);
  }
  if (request.dequantise != "decoded") return {};
  if (!network.with_mixture_head) {
    throw UsageError(
        "--dequantise decoded needs a network with the mixture-posterior head, which this one has "
        "not: take --dequantise noised");
  }
  return diffusion::posterior_decoder(*network.with_mixture_head);
}

/// A network with the mixture-posterior head may be used beyond the noise levels of its training:
/// what it says of a pixel's clean value at the nearest trained level still holds, and the closed
/// form does the rest. That lowers the cut-off and the mismatch of the prior for few evaluations.
/// Any other network is used on its own levels only.
NoiseLevels noise_levels(const LikelihoodRequest& request, const OpenedNetwork& network) {
  if (network.with_mixture_head) return {request.gamma_min, request.gamma_max};
  const diffusion::NetworkDescription& description = network.description;
  return {std::max(request.gamma_min, description.gamma_min),
          std::min(request.gamma_max, description.gamma_max)};
}

/// Draws of one image and what has been found of them.
struct Draws {
  std::vector<double> log_p, log_q;
  std::int64_t nfe = 0, rejected = 0;
  std::string status = "ok";
};

ScoredImage scored(std::int64_t image, const Draws& draws, std::int64_t dimensions) {
  const double uniform = static_cast<double>(dimensions) * std::log(128.0);
  const double log_likelihood = diffusion::log_mean_weight(draws.log_p, draws.log_q) + uniform;
  return {.image = image,
          .bpd = diffusion::bits_per_dim(log_likelihood, dimensions),
          .log_likelihood = log_likelihood,
          .log_density = draws.log_p[0],
          .nfe = draws.nfe,
          .rejected = draws.rejected,
          .status = draws.status};
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

/// What has been scored, for a second look at it: the first draw of each image.
struct Scored {
  const Crew& crew;
  const diffusion::NoisePredictor& model;
  const Schedule& schedule;
  const at::Tensor& x;
  const diffusion::SampleIds& ids;
  const LikelihoodOptions& options;
  const LikelihoodRequest& request;
  const Finished& finished;
};

at::Tensor rows_of(const at::Tensor& x, const std::vector<std::size_t>& rows) {
  const std::vector<std::int64_t> signed_rows(rows.begin(), rows.end());
  return x.index_select(0, at::tensor(signed_rows, at::kLong).to(x.device()));
}

diffusion::SampleIds ids_of(const diffusion::SampleIds& ids, const std::vector<std::size_t>& rows) {
  diffusion::SampleIds some;
  for (const std::size_t row : rows) some.push_back(ids[row]);
  return some;
}

/// The densities of the sample once more, shared out among the ranks.
std::vector<ImageLikelihood> solved_again(const Scored& scored,
                                          const Sample& sample,
                                          LikelihoodOptions options) {
  const auto solve = [&](const std::vector<std::size_t>& mine) {
    std::vector<nlohmann::json> densities;
    if (mine.empty()) return densities;
    // No room is left empty: the batch shrinks to the sample.
    options.batch = std::min(options.batch, static_cast<std::int64_t>(mine.size()));
    for (const ImageLikelihood& image : log_likelihood(scored.model,
                                                       scored.schedule,
                                                       rows_of(sample.x, mine),
                                                       ids_of(sample.ids, mine),
                                                       options)) {
      densities.push_back({image.outcome.ok(), image.log_density});
    }
    return densities;
  };
  std::vector<ImageLikelihood> images;
  for (const auto& density : shared_out(scored.crew, sample.ids.size(), solve)) {
    images.push_back({.id = sample.ids[images.size()],
                      .log_density = density[1],
                      .outcome = {.status = density[0] ? Status::ok : Status::not_finite}});
  }
  return images;
}

LikelihoodBudget budget_of(const Scored& scored) {
  const auto& [crew, model, schedule, x, ids, options, request, finished] = scored;
  const Sample sample = spread(x, ids, request.check);
  const std::int64_t D = x.numel() / x.size(0);
  std::vector<ImageLikelihood> reported;
  for (const std::uint64_t id : sample.ids) {
    const ScoredImage& image = finished.of(static_cast<std::int64_t>(id));
    reported.push_back(
        {.id = id,
         .log_density = image.log_density,
         .outcome = {.status = image.status == "ok" ? Status::ok : Status::not_finite}});
  }
  const auto fine = solved_again(scored, sample, diffusion::tighter(options));
  const diffusion::Estimate solver = difference(reported, fine, D);
  LikelihoodBudget budget{.images = solver.count,
                          .solver_mean = solver.mean,
                          .solver_standard_error = solver.standard_error,
                          .solver_rms = solver.rms};
  if (options.trace != diffusion::Trace::exact) {
    LikelihoodOptions other = options;
    other.seed += 0x9E3779B97F4A7C15;
    const auto again = solved_again(scored, sample, other);
    budget.hutchinson_rms = difference(reported, again, D).rms / std::sqrt(2.0);
  }
  // The others are what the model is trained on at t0: nothing is cut off.
  if (request.dequantise == "uniform") {
    const diffusion::Estimate cut = cut_off(model, schedule, x, ids, options);
    budget.cut_off = cut.mean;
    budget.cut_off_standard_error = cut.standard_error;
  }
  budget.prior_mismatch = prior_mismatch(schedule, x);
  return budget;
}

LikelihoodBound bound_of(const Scored& scored) {
  const auto& [crew, model, schedule, x, ids, options, request, finished] = scored;
  const std::int64_t D = x.numel() / x.size(0);
  const auto nats = shared_out(crew, ids.size(), [&](const std::vector<std::size_t>& mine) {
    if (mine.empty()) return std::vector<double>();
    return denoising_bound(scored.model,
                           scored.schedule,
                           rows_of(scored.x, mine),
                           ids_of(scored.ids, mine),
                           scored.request.bound,
                           scored.options);
  });
  std::vector<double> bits, above;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const ScoredImage& image = finished.of(static_cast<std::int64_t>(ids[i]));
    if (image.status != "ok") continue;
    bits.push_back(diffusion::bits_per_dim(-nats[i].get<double>(), D));
    above.push_back(bits.back() - diffusion::bits_per_dim(image.log_density, D));
  }
  const diffusion::Estimate mean = diffusion::estimate(bits), gap = diffusion::estimate(above);
  return {.levels = request.bound,
          .mean = mean.mean,
          .standard_error = mean.standard_error,
          .above_flow = gap.mean,
          .above_flow_standard_error = gap.standard_error};
}

/// The images in the order in which they are solved: all at once, or, where a standard error is
/// aimed at, in rounds of a random order, so that those solved so far stand for all.
std::vector<diffusion::SampleIds> rounds_of(const LikelihoodRequest& request,
                                            const diffusion::SampleIds& ids) {
  if (request.target_se <= 0) return {ids};
  constexpr std::size_t at_a_time = 64;
  const auto n = static_cast<std::int64_t>(ids.size());
  const at::Tensor order = diffusion::batch_indices(request.seed, 0, n, n);
  std::vector<diffusion::SampleIds> rounds;
  for (std::int64_t k = 0; k < n; ++k) {
    if (rounds.empty() || rounds.back().size() == at_a_time) rounds.emplace_back();
    rounds.back().push_back(ids[static_cast<std::size_t>(order.data_ptr<std::int64_t>()[k])]);
  }
  return rounds;
}

/// Of the mean over these images, those left out where the solver gave up.
double standard_error(const Finished& finished, const diffusion::SampleIds& ids) {
  std::vector<double> bits;
  for (const std::uint64_t id : ids) {
    const ScoredImage& image = finished.of(static_cast<std::int64_t>(id));
    if (image.status == "ok") bits.push_back(image.bpd);
  }
  return bits.size() < 2 ? std::numeric_limits<double>::infinity()
                         : diffusion::estimate(bits).standard_error;
}

Image picture_of_levels(const at::Tensor& image) {
  const at::Tensor flat = image.contiguous();
  const auto* pixels = flat.data_ptr<std::uint8_t>();
  return {static_cast<int>(image.size(-1)),
          static_cast<int>(image.size(-2)),
          std::vector<std::uint8_t>(pixels, pixels + flat.numel())};
}

}  // namespace

LikelihoodReport run_likelihood(const LikelihoodRequest& asked, const Crew& crew) {
  const LikelihoodRequest request = decided(asked);
  check(request);
  const diffusion::MicroBatch calls =
      network_calls(request.device, request.threads > 0 ? request.threads : crew.processors);
  const at::Tensor levels = mnist_images(request.part, {request.first, request.last}, request.data);
  const auto in_level = request.dequantise == "truncated-normal" ? diffusion::InLevel::middle
                                                                 : diffusion::InLevel::uniform;
  const OpenedNetwork network =
      open_network(request.model, request.device, request.palettes, in_level);
  check_made_for(network.description, levels.sizes().slice(1));
  const diffusion::NoisePredictor& model = *network.model;
  const NoiseLevels range = noise_levels(request, network);
  const Schedule schedule = schedule_named(request.schedule, range.gamma_min, range.gamma_max);
  LikelihoodOptions options = options_of(request);
  options.micro = calls;
  if (request.variate == "gaussian") {
    // Of images that always come along, so that a figure does not depend on which others are there.
    const at::Tensor known = mnist_images("test", {0, 1000}, {});
    options.variate = std::make_shared<const diffusion::GaussianVariate>(
        diffusion::gaussian_variate((known.to(at::kDouble) + 0.5) / 128 - 1));
  }
  const diffusion::SampleIds ids = diffusion::sample_range(
      static_cast<std::uint64_t>(request.first), request.last - request.first);
  const diffusion::Decoder decoder = decoder_of(request, network, options);
  const auto draw_of =
      [&](const at::Tensor& some, const diffusion::SampleIds& some_ids, std::uint64_t number) {
        if (decoder) {
          return diffusion::noised_dequantisation(
              some.to(request.device), decoder, schedule, calls, request.seed, some_ids, number);
        }
        return request.dequantise == "uniform"
                   ? diffusion::uniform_dequantisation(some, request.seed, some_ids, number)
                   : diffusion::truncated_normal_dequantisation(
                         some, schedule.at(schedule.t0), request.seed, some_ids, number);
      };
  const std::int64_t N = levels.size(0), D = levels.numel() / N, K = request.importance;

  Finished finished(request, crew);
  // Of all images, as far as this rank knows; the others are about as far.
  const auto report_progress = [&, before = finished.images().size()] {
    if (!request.progress) return;
    const auto now = static_cast<std::int64_t>(finished.images().size()),
               own = now - static_cast<std::int64_t>(before);
    request.progress(std::min(N, now + own * (crew.ranks - 1)), N);
  };
  report_progress();

  LikelihoodReport report;
  const Stopwatch watch;
  // Solves this rank's share of the images that are not known yet.
  const auto solve = [&](const diffusion::SampleIds& wanted) {
    diffusion::SampleIds unknown;
    for (const std::uint64_t id : wanted) {
      if (!finished.knows(static_cast<std::int64_t>(id))) unknown.push_back(id);
    }
    const diffusion::SampleIds missing = ids_of(unknown, share(crew, unknown.size()));
    if (missing.empty()) return;
    std::vector<std::int64_t> rows;
    for (const std::uint64_t id : missing) {
      rows.push_back(static_cast<std::int64_t>(id) - request.first);
    }
    // Image by image, so that the draws of one are finished at about the same time.
    const at::Tensor picked = levels.index_select(0, at::tensor(rows, at::kLong));
    std::vector<at::Tensor> xs, log_qs;
    diffusion::SampleIds draw_ids;
    for (std::int64_t j = 0; j < K; ++j) {
      const diffusion::Dequantisation d = draw_of(picked, missing, static_cast<std::uint64_t>(j));
      xs.push_back(d.x);
      log_qs.push_back(d.log_q);
    }
    for (const std::uint64_t id : missing) {
      for (std::int64_t j = 0; j < K; ++j) {
        // Each draw has probes of its own; those of the first are those of a single one.
        draw_ids.push_back(id + static_cast<std::uint64_t>(j) * draw_stride);
      }
    }
    const at::Tensor x = at::stack(xs, 1).flatten(0, 1).to(request.device);
    const at::Tensor log_q = at::stack(log_qs, 1).to(at::kCPU).contiguous();  // [images, K]
    std::map<std::uint64_t, std::size_t> place;
    for (std::size_t i = 0; i < missing.size(); ++i) place[missing[i]] = i;
    std::vector<Draws> draws(missing.size());
    for (std::size_t i = 0; i < missing.size(); ++i) {
      const double* row = log_q.data_ptr<double>() + static_cast<std::int64_t>(i) * K;
      draws[i].log_p.assign(static_cast<std::size_t>(K), 0.0);
      draws[i].log_q.assign(row, row + K);
    }
    std::vector<std::int64_t> left(missing.size(), K);
    LikelihoodOptions fitting = options;
    fitting.batch = std::min(options.batch, x.size(0));
    log_likelihood(model, schedule, x, draw_ids, fitting, [&](const ImageLikelihood& found) {
      const std::uint64_t id = found.id % draw_stride;
      const std::size_t i = place.at(id);
      Draws& own = draws[i];
      own.log_p[static_cast<std::size_t>(found.id / draw_stride)] = found.log_density;
      own.nfe += found.nfe;
      own.rejected += found.rejected;
      if (!found.outcome.ok() && own.status == "ok") own.status = found.outcome.message();
      if (--left[i] > 0) return;
      finished.add(scored(static_cast<std::int64_t>(id), own, D));
      report_progress();
    });
  };
  diffusion::SampleIds reported;
  for (const diffusion::SampleIds& round : rounds_of(request, ids)) {
    solve(round);
    finished.exchange();
    reported.insert(reported.end(), round.begin(), round.end());
    if (request.target_se > 0 && standard_error(finished, reported) <= request.target_se) break;
  }
  std::sort(reported.begin(), reported.end());
  report.seconds = watch.seconds();

  std::vector<double> bits;
  std::vector<std::int64_t> rows;
  for (const std::uint64_t id : reported) {
    const ScoredImage& image = finished.of(static_cast<std::int64_t>(id));
    rows.push_back(image.image - request.first);
    report.images.push_back(image);
    report.pictures.push_back(picture_of_levels(levels[rows.back()]));
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
  const at::Tensor own = levels.index_select(0, at::tensor(rows, at::kLong));
  const at::Tensor x =
      decoder ? diffusion::noised_images(own.to(request.device), schedule, request.seed, reported)
              : draw_of(own, reported, 0).x.to(request.device);
  const Scored again{crew, model, schedule, x, reported, options, request, finished};
  if (request.check > 0) report.budget = budget_of(again);
  if (request.bound > 0) report.bound = bound_of(again);
  return report;
}

}  // namespace stochflow::apps
