#include "stochflow/diffusion/likelihood/budget.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "stochflow/diffusion/likelihood/dequantise.hpp"

namespace stochflow::diffusion {

Estimate estimate(const std::vector<double>& values) {
  Estimate result{.count = static_cast<std::int64_t>(values.size())};
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0, deviations = 0;
  for (const double v : values) {
    sum += v;
    squares += v * v;
  }
  result.mean = sum / n;
  result.rms = std::sqrt(squares / n);
  for (const double v : values) deviations += (v - result.mean) * (v - result.mean);
  if (values.size() > 1) result.standard_error = std::sqrt(deviations / (n - 1) / n);
  return result;
}

Estimate difference(const std::vector<ImageLikelihood>& a,
                    const std::vector<ImageLikelihood>& b,
                    std::int64_t dimensions) {
  if (a.size() != b.size()) {
    throw std::invalid_argument("difference: expected two runs over the same images");
  }
  std::vector<double> gaps;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].id != b[i].id) {
      throw std::invalid_argument("difference: expected two runs over the same images");
    }
    if (!a[i].outcome.ok() || !b[i].outcome.ok()) continue;
    gaps.push_back(bits_per_dim(b[i].log_density, dimensions) -
                   bits_per_dim(a[i].log_density, dimensions));
  }
  return estimate(gaps);
}

double prior_mismatch(const Schedule& schedule, const at::Tensor& x) {
  const Level end = schedule.at(schedule.t1);
  const at::Tensor flat = x.flatten(1).to(at::kDouble);
  const auto N = static_cast<double>(flat.size(0)), D = static_cast<double>(flat.size(1));
  const double p2 = schedule.prior_std * schedule.prior_std, a2 = std::exp(2 * end.log_alpha);
  const at::Tensor m = flat.mean(0);
  const at::Tensor centred = flat - m;
  const at::Tensor S = (a2 / p2) * centred.t().matmul(centred) / N +
                       (end.sigma * end.sigma / p2) * at::eye(flat.size(1), flat.options());
  const double log_det = 2 * at::linalg_cholesky(S).diagonal().log().sum().item<double>();
  const double kl = 0.5 * (S.diagonal().sum().item<double>() +
                           a2 / p2 * m.square().sum().item<double>() - D - log_det);
  return kl / (D * std::numbers::ln2);
}

Estimate cut_off(const NoisePredictor& model,
                 const Schedule& schedule,
                 const at::Tensor& x,
                 const SampleIds& ids,
                 const LikelihoodOptions& options) {
  const Level start = schedule.at(schedule.t0);
  const std::int64_t N = x.size(0), D = x.numel() / N;
  const double s = start.sigma / start.scale();
  std::vector<double> values(ids.size());
  for_each_piece(N, options.micro, [&](std::size_t, std::int64_t first, std::int64_t count) {
    const std::int64_t rows = options.micro.rows;
    const at::Tensor own_x = filled_up(x, first, count, rows);
    const at::Tensor z = (own_x.to(at::kDouble) / start.scale()).to(options.dtype);
    const at::Tensor gamma = at::full({rows}, start.gamma, z.options());
    SampleIds some(ids.begin() + first, ids.begin() + first + count);
    some.resize(static_cast<std::size_t>(rows), some.back());
    const NoiseDivergence found =
        options.trace == Trace::exact
            ? noise_divergence_exact(model, z, gamma)
            : noise_divergence(
                  model, z, gamma, make_probes(options.probe, 1, options.seed, some, z));
    const at::Tensor squares = found.eps.flatten(1).to(at::kDouble).square().sum(1);
    const at::Tensor nats = (s * found.divergence - squares).to(at::kCPU).contiguous();
    for (std::int64_t i = 0; i < count; ++i) {
      values[static_cast<std::size_t>(first + i)] =
          nats.data_ptr<double>()[i] / (static_cast<double>(D) * std::numbers::ln2);
    }
  });
  return estimate(values);
}

}  // namespace stochflow::diffusion
