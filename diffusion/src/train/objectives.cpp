#include "stochflow/diffusion/train/objectives.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

std::vector<double> numbers(const at::Tensor& x) {
  const at::Tensor own = x.to(at::kCPU, at::kDouble).contiguous();
  return {own.data_ptr<double>(), own.data_ptr<double>() + own.numel()};
}

}  // namespace

at::Tensor denoising_loss(const NoisePredictor& model,
                          const Schedule& schedule,
                          const at::Tensor& x0,
                          const at::Tensor& t,
                          const at::Tensor& eps,
                          Weighting weighting) {
  if (t.dim() != 1 || t.size(0) != x0.size(0) || eps.sizes() != x0.sizes()) {
    throw std::invalid_argument("denoising_loss: expected x0, eps [B, ...] of one shape and t [B]");
  }
  std::vector<double> a, s, gamma, weight;
  for (const double time : numbers(t)) {
    const Level level = schedule.at(time);
    // In the variance-preserving frame, in which the model is asked.
    a.push_back(level.alpha() / level.scale());
    s.push_back(level.sigma / level.scale());
    gamma.push_back(level.gamma);
    // The score's error is that of the noise over sigma, and g^2 = sigma^2 dgamma/dt.
    weight.push_back(weighting == Weighting::noise ? 1 : 0.5 * level.d_gamma);
  }
  const at::Tensor z = beside(a, x0) * x0 + beside(s, x0) * eps;
  const at::Tensor labels = at::tensor(gamma, at::kDouble).to(x0.options());
  const at::Tensor error = (model.eps(z, labels) - eps).square().flatten(1).sum(1);
  return at::tensor(weight, at::kDouble).to(x0.options()) * error;
}

at::Tensor importance_sampled_times(const Schedule& schedule, const at::Tensor& u) {
  const double low = schedule.at(schedule.t0).gamma, high = schedule.at(schedule.t1).gamma;
  std::vector<double> times;
  for (const double part : numbers(u)) times.push_back(schedule.time_of(low + part * (high - low)));
  return at::tensor(times, at::kDouble);
}

at::Tensor times_of_levels(std::int64_t n, const at::Tensor& u) {
  if (n < 2) {
    throw std::invalid_argument("times_of_levels: expected a chain of two levels or more, found " +
                                std::to_string(n));
  }
  const auto last = static_cast<double>(n - 1);
  return (u.to(at::kDouble) * static_cast<double>(n)).floor().clamp(0, last) / last;
}

double importance_of_times(const Schedule& schedule) {
  return 0.5 * (schedule.at(schedule.t1).gamma - schedule.at(schedule.t0).gamma);
}

at::Tensor sliced_loss(const NoisePredictor& model,
                       const Level& level,
                       const at::Tensor& x,
                       const at::Tensor& v,
                       Slicing slicing) {
  if (v.sizes() != x.sizes()) {
    throw std::invalid_argument("sliced_loss: expected a direction v for each x, of its shape");
  }
  const c10::AutoGradMode with_gradients(true);
  const at::Tensor leaf = x.detach().requires_grad_(true);
  const at::Tensor gamma = at::full({x.size(0)}, level.gamma, x.options());
  const at::Tensor score = model.eps(leaf / level.scale(), gamma) * (-1 / level.sigma);
  const at::Tensor along = (v * score).flatten(1).sum(1);
  const at::Tensor Jv = torch::autograd::grad({along.sum()},
                                              {leaf},
                                              {},
                                              /*retain_graph=*/true,
                                              /*create_graph=*/true)[0];
  const at::Tensor curvature = (v * Jv).flatten(1).sum(1);
  const at::Tensor size =
      slicing == Slicing::reduced ? score.square().flatten(1).sum(1) : along.square();
  return curvature + 0.5 * size;
}

}  // namespace stochflow::diffusion
