#include "stochflow/diffusion/likelihood/likelihood.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "clock.hpp"
#include "odeint_route.hpp"
#include "stochflow/diffusion/samplers/sampling.hpp"

namespace stochflow::diffusion {
namespace {

void check(const at::Tensor& x, const SampleIds& ids, const LikelihoodOptions& options) {
  if (x.dim() < 2 || x.size(0) != static_cast<std::int64_t>(ids.size()) || x.size(0) == 0) {
    throw std::invalid_argument(
        "log_likelihood: expected a batch [N, ...] with one id for each image, found " +
        std::to_string(x.dim() < 1 ? 0 : x.size(0)) + " images and " + std::to_string(ids.size()) +
        " ids");
  }
  if (!std::is_sorted(
          options.probe_changes.begin(), options.probe_changes.end(), std::less_equal<>())) {
    throw std::invalid_argument(
        "log_likelihood: expected probe_changes to rise strictly, in gamma = -log SNR");
  }
  if (options.solver == LikelihoodSolver::odeint && !options.probe_changes.empty()) {
    throw std::invalid_argument(
        "log_likelihood: probes that change along the path need the solver per_image, which ends "
        "steps there; leave probe_changes empty for odeint");
  }
  if (options.variate && options.trace != Trace::hutchinson) {
    throw std::invalid_argument(
        "log_likelihood: a control variate is for Trace::hutchinson; leave it out otherwise");
  }
  if (options.batch < 1) {
    throw std::invalid_argument("log_likelihood: expected a batch of at least 1, found " +
                                std::to_string(options.batch));
  }
  const at::Tensor finite = at::isfinite(x.flatten(1)).all(1).to(at::kCPU).contiguous();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!finite.data_ptr<bool>()[i]) {
      throw std::invalid_argument("log_likelihood: image " + std::to_string(ids[i]) +
                                  " holds a value that is not finite: mend the data first");
    }
  }
}

}  // namespace

std::vector<double> equal_probe_changes(std::int64_t n, double first, double last) {
  std::vector<double> changes;
  for (std::int64_t k = 0; n > 0 && k <= n; ++k) {
    changes.push_back(first + (last - first) * static_cast<double>(k) / static_cast<double>(n));
  }
  return changes;
}

LikelihoodOptions tighter(LikelihoodOptions options, double factor) {
  options.tolerance.atol /= factor;
  options.tolerance.atol_log_density /= factor;
  return options;
}

std::vector<ImageLikelihood> log_likelihood(
    const NoisePredictor& model,
    const Schedule& schedule,
    const at::Tensor& x,
    const SampleIds& ids,
    const LikelihoodOptions& options,
    const std::function<void(const ImageLikelihood&)>& done) {
  check(x, ids, options);
  const Level start = schedule.at(schedule.t0), end = schedule.at(schedule.t1);
  const std::int64_t N = x.size(0), D = x.numel() / N, B = options.batch;
  const std::vector<std::int64_t> shape = x.sizes().slice(1).vec();
  const at::Tensor zero = at::zeros({N, 1}, x.options().dtype(at::kDouble));
  const at::Tensor states =
      at::cat({x.flatten(1).to(at::kDouble) / start.scale(), zero, zero + start.gamma}, 1);

  const FlowClock clock(options.clock, schedule);
  LikelihoodFlow flow(model, shape, options.dtype, options.trace, options.micro);
  const auto probes_of = [&](const SampleIds& some, std::int64_t interval = 0) {
    std::vector<std::int64_t> batch_shape{static_cast<std::int64_t>(some.size())};
    batch_shape.insert(batch_shape.end(), shape.begin(), shape.end());
    const at::Tensor like = at::empty(batch_shape, x.options().dtype(options.dtype));
    return probes_of_interval(interval, options.probe, options.probes, options.seed, some, like);
  };

  std::vector<double> held{start.gamma};  // noise levels between which probes stay the same
  for (const double gamma : options.probe_changes) {
    if (gamma > start.gamma && gamma < end.gamma) held.push_back(gamma);
  }
  held.push_back(end.gamma);
  const auto correction_of = [&](std::uint64_t id) {
    double sum = 0;
    for (std::size_t m = 0; options.variate && m + 1 < held.size(); ++m) {
      const at::Tensor probes = probes_of({id}, static_cast<std::int64_t>(m));
      sum += correction(*options.variate, probes, held[m], held[m + 1]).item<double>();
    }
    return sum;
  };

  std::vector<ImageLikelihood> results(ids.size());
  const auto finish = [&](std::size_t i, const at::Tensor& state, ImageLikelihood result) {
    result.id = ids[i];
    const at::Tensor x1 = end.scale() * state.slice(0, 0, D).unsqueeze(0);
    result.log_density = result.outcome.ok()
                             ? prior_log_density(schedule, x1).item<double>() +
                                   static_cast<double>(D) * (end.log_alpha - start.log_alpha) +
                                   state[D].item<double>() + correction_of(ids[i])
                             : std::numeric_limits<double>::quiet_NaN();
    results[i] = result;
    if (done) done(results[i]);
  };

  if (options.solver == LikelihoodSolver::odeint) {
    for (std::int64_t first = 0; first < N; first += B) {
      // A short last batch is filled up with copies of its last image, to keep the shape.
      std::vector<std::int64_t> rows;
      SampleIds batch_ids;
      for (std::int64_t k = first; k < first + B; ++k) {
        rows.push_back(std::min(k, N - 1));
        batch_ids.push_back(ids[static_cast<std::size_t>(rows.back())]);
      }
      const at::Tensor picked = at::tensor(rows, at::kLong).to(x.device());
      if (options.trace != Trace::exact) flow.set_probes(probes_of(batch_ids));
      const OdeintLikelihood run =
          integrate_with_odeint(flow, states.index_select(0, picked), clock, options);
      for (std::int64_t k = first; k < std::min(first + B, N); ++k) {
        finish(static_cast<std::size_t>(k),
               run.states[k - first],
               {.nfe = run.evaluations, .rejected = run.rejected, .outcome = run.outcome});
      }
    }
    return results;
  }

  std::vector<double> changes;
  for (std::size_t m = 1; m + 1 < held.size(); ++m) changes.push_back(clock.of(held[m]));
  const auto interval_of = [&](double c) {
    return std::upper_bound(changes.begin(), changes.end(), c) - changes.begin();
  };
  const auto* const pair = std::get_if<Tableau>(&options.method);
  std::size_t stage = 0;                                         // of the step under way
  std::vector<double> next_change(static_cast<std::size_t>(B));  // of each row
  AdaptiveBatch batch(
      options.method,
      [&](const at::Tensor& y, const at::Tensor& c) {
        const bool last = pair != nullptr && ++stage == pair->stages - 1;
        if (!last || changes.empty()) return clock.slope(flow, y, c);
        const at::Tensor goal = at::tensor(next_change, at::kDouble).to(c.device());
        const at::Tensor changed = c >= goal - 1e-9;
        return clock.slope(
            [&](const at::Tensor& state) { return flow.after_change(state, changed); }, y, c);
      },
      [&](const at::Tensor&, const at::Tensor& next, const at::Tensor& error) {
        return likelihood_error(error, next.select(1, D + 1), options.tolerance);
      },
      clock.start(),
      clock.end(),
      B,
      D + 2,
      states.options(),
      options.control);
  batch.set_stops(changes);
  const bool probed = options.trace != Trace::exact;
  if (probed) flow.set_probes(probes_of(SampleIds(static_cast<std::size_t>(B), ids[0])));
  struct Seat {
    std::size_t image = 0;
    std::int64_t interval = -1;  // whose probes are set
  };
  std::vector<Seat> seats(static_cast<std::size_t>(B), Seat{.image = ids.size()});
  std::size_t next = 0;
  for (;;) {
    for (std::int64_t row = 0; row < B; ++row) {
      Seat& seat = seats[static_cast<std::size_t>(row)];
      if (!batch.row(row).busy) {
        if (seat.image < ids.size()) {
          const AdaptiveBatch::Row& end_of = batch.row(row);
          finish(
              seat.image,
              batch.state(row),
              {.nfe = end_of.evaluations, .rejected = end_of.rejected, .outcome = end_of.outcome});
          seat.image = ids.size();
        }
        if (next == ids.size()) continue;
        seat = {.image = next++};
        batch.load(row, states[static_cast<std::int64_t>(seat.image)]);
      }
      const std::int64_t interval = interval_of(batch.row(row).outcome.t);
      if (interval == seat.interval) continue;
      seat.interval = interval;
      next_change[static_cast<std::size_t>(row)] =
          interval < static_cast<std::int64_t>(changes.size())
              ? changes[static_cast<std::size_t>(interval)]
              : std::numeric_limits<double>::infinity();
      if (probed) {
        const SampleIds id{ids[seat.image]};
        flow.set_probes(row, probes_of(id, interval), probes_of(id, interval + 1));
      }
    }
    if (!batch.any_busy()) return results;
    stage = 0;
    batch.step();
  }
}

}  // namespace stochflow::diffusion
