#include "stochflow/diffusion/samplers/ggf.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/noise/tree.hpp"

namespace stochflow::diffusion {
namespace {

using Tree = BrownianTree<Eigen::ArrayXd>;

/// A sample on its way; s = t1 - t in ticks of its own Brownian path.
struct Walker {
  std::int64_t sample;
  Tree path;
  Tree::Tick s = 0, h = 0;
  at::Tensor x;      // [D]
  at::Tensor euler;  // x' of the last accepted step, [D]
  at::Tensor drift;  // at (x, s); undefined until it is known
  std::int64_t attempts = 0;
};

class Run {
 public:
  Run(const NoisePredictor& model,
      const Schedule& schedule,
      const Draw& draw,
      const SdeTolerance& tolerance)
      : model_(model), schedule_(schedule), draw_(draw), tolerance_(tolerance) {}

  Samples operator()(const at::Tensor& x1) {
    const std::int64_t N = x1.size(0), D = x1.numel() / std::max<std::int64_t>(N, 1);
    const at::Tensor start = x1.view({N, D}), end = at::empty_like(start);
    Samples samples{.x = {}, .nfe = 0, .outcome = {.status = Status::ok, .t = schedule_.t0}};
    std::int64_t next = 0, evaluations = 0;
    std::vector<Walker> walkers;
    while (next < N || !walkers.empty()) {
      while (next < N && static_cast<std::int64_t>(walkers.size()) < tolerance_.batch) {
        walkers.push_back(walker(next, start[next], D));
        ++next;
      }
      evaluations += attempt(walkers);
      const auto arrived = [&](const Walker& walker) {
        const bool lost = walker.attempts >= tolerance_.max_steps;
        const bool broken = walker.h == 0;
        if (walker.s < Tree::ticks && !lost && !broken) return false;
        end[walker.sample].copy_(walker.x);
        samples.outcome.step = std::max(samples.outcome.step, walker.attempts);
        if (walker.s < Tree::ticks && samples.outcome.ok()) {
          samples.outcome.status = broken ? Status::step_underflow : Status::max_steps;
          samples.outcome.t = schedule_.t1 - walker.path.time(walker.s);
        }
        return true;
      };
      walkers.erase(std::remove_if(walkers.begin(), walkers.end(), arrived), walkers.end());
    }
    samples.nfe = (evaluations + N - 1) / N;
    samples.x = end.view_as(x1);
    return samples;
  }

 private:
  Walker walker(std::int64_t sample, const at::Tensor& x, std::int64_t D) const {
    const std::uint64_t id = draw_.ids[static_cast<std::size_t>(sample)];
    const auto h = static_cast<Tree::Tick>(tolerance_.first_step * Tree::ticks);
    return {.sample = sample,
            .path = Tree(draw_.seed, id, 0, schedule_.t1 - schedule_.t0, Eigen::ArrayXd::Zero(D)),
            .s = 0,
            .h = std::clamp<Tree::Tick>(h, 1, Tree::ticks),
            .x = x,
            .euler = x,
            .drift = {},
            .attempts = 0};
  }

  /// One attempted step of every walker; returns the evaluations of all together.
  std::int64_t attempt(std::vector<Walker>& walkers) const {
    std::int64_t evaluations = static_cast<std::int64_t>(walkers.size());
    std::vector<at::Tensor> xs, eulers, increments;
    std::vector<double> now, then, h;
    for (Walker& walker : walkers) {
      walker.h = std::min(walker.h, Tree::ticks - walker.s);
      now.push_back(walker.path.time(walker.s));
      then.push_back(walker.path.time(walker.s + walker.h));
      h.push_back(walker.path.length(walker.h));
      xs.push_back(walker.x);
      eulers.push_back(walker.euler);
      const auto dB = walker.path.between(walker.s, walker.s + walker.h);
      increments.push_back(
          at::from_blob(const_cast<double*>(dB.W.data()), {dB.W.size()}, at::kDouble).clone());
    }
    const at::Tensor x = at::stack(xs), euler_before = at::stack(eulers);
    const at::Tensor dW = at::stack(increments).to(x.options());
    const at::Tensor h_column = beside(h, x);
    evaluations += fill_in_drifts(walkers, x, now);
    std::vector<at::Tensor> drifts;
    for (const Walker& walker : walkers) drifts.push_back(walker.drift);
    const at::Tensor K1 = h_column * at::stack(drifts) + diffusions(now, x) * dW;
    const at::Tensor euler = x + K1;
    const at::Tensor drift_then = drift(euler, then);
    const at::Tensor K2 = h_column * drift_then + diffusions(then, x) * dW;
    const at::Tensor heun = x + 0.5 * (K1 + K2);
    const at::Tensor allowed =
        (tolerance_.rtol * at::maximum(euler_before.abs(), euler.abs())).clamp_min(tolerance_.atol);
    const at::Tensor errors =
        (0.5 * (K2 - K1) / allowed).square().mean(1).sqrt().to(at::kCPU, at::kDouble).contiguous();
    for (std::size_t i = 0; i < walkers.size(); ++i) {
      Walker& walker = walkers[i];
      const auto row = static_cast<std::int64_t>(i);
      const double q = errors.data_ptr<double>()[i];
      ++walker.attempts;
      const double taken = static_cast<double>(walker.h);
      if (q <= 1) {
        walker.s += walker.h;
        walker.x = heun[row];
        walker.euler = euler[row];
        walker.drift = at::Tensor();
      }
      // A step that is not finite is tried at a fifth of its length; length 0 ends the walk.
      const double factor =
          std::isfinite(q)
              ? std::clamp(tolerance_.safety * std::pow(std::max(q, 1e-10), -tolerance_.exponent),
                           0.2,
                           5.0)
              : 0.2;
      const double ticks = static_cast<double>(Tree::ticks);
      walker.h = static_cast<Tree::Tick>(std::min(taken * factor, ticks));
    }
    return evaluations;
  }

  /// Evaluates the drift of those walkers that do not know it; returns how many.
  std::int64_t fill_in_drifts(std::vector<Walker>& walkers,
                              const at::Tensor& x,
                              const std::vector<double>& now) const {
    std::vector<std::int64_t> rows;
    std::vector<double> times;
    for (std::size_t i = 0; i < walkers.size(); ++i) {
      if (walkers[i].drift.defined()) continue;
      rows.push_back(static_cast<std::int64_t>(i));
      times.push_back(now[i]);
    }
    if (rows.empty()) return 0;
    const at::Tensor found =
        drift(x.index_select(0, at::tensor(rows, at::kLong).to(x.device())), times);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      walkers[static_cast<std::size_t>(rows[k])].drift = found[static_cast<std::int64_t>(k)];
    }
    return static_cast<std::int64_t>(rows.size());
  }

  at::Tensor diffusions(const std::vector<double>& s, const at::Tensor& like) const {
    std::vector<double> g;
    for (const double at_s : s) g.push_back(schedule_.at(schedule_.t1 - at_s).g());
    return beside(g, like);
  }

  /// -f x + g^2 score(x, t1 - s), row by row.
  at::Tensor drift(const at::Tensor& x, const std::vector<double>& s) const {
    std::vector<double> by_x, by_eps, scale, gamma;
    for (const double at_s : s) {
      const Level level = schedule_.at(schedule_.t1 - at_s);
      by_x.push_back(-level.f());
      by_eps.push_back(-level.sigma * level.d_gamma);  // -g^2/sigma
      scale.push_back(1 / level.scale());
      gamma.push_back(level.gamma);
    }
    std::vector<std::int64_t> shape{x.size(0)};
    shape.insert(shape.end(), draw_.shape.begin(), draw_.shape.end());
    const at::Tensor eps =
        model_.eps((beside(scale, x) * x).view(shape), beside(gamma, x).squeeze(1));
    return beside(by_x, x) * x + beside(by_eps, x) * eps.reshape(x.sizes());
  }

  const NoisePredictor& model_;
  const Schedule& schedule_;
  const Draw& draw_;
  const SdeTolerance& tolerance_;
};

}  // namespace

Samples sample_ggf(const NoisePredictor& model,
                   const Schedule& schedule,
                   const Draw& draw,
                   const SdeTolerance& tolerance,
                   const SampleOptions& options) {
  if (!(tolerance.rtol >= 0 && tolerance.atol > 0 && tolerance.first_step > 0 &&
        tolerance.safety > 0 && tolerance.safety < 1 && tolerance.exponent > 0 &&
        tolerance.batch > 0)) {
    throw std::invalid_argument(
        "sample_ggf: expected rtol >= 0, safety in (0, 1), and atol, first_step, exponent and "
        "batch above 0");
  }
  const c10::NoGradGuard no_gradients;
  const at::Tensor x1 = prior_sample(schedule, draw);
  if (options.observer) options.observer(x1, schedule.t1);
  Samples samples = Run(model, schedule, draw, tolerance)(x1);
  if (options.observer) options.observer(samples.x, schedule.t0);
  return detail::finish(model, schedule, options, samples);
}

}  // namespace stochflow::diffusion
