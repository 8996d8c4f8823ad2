// The procedure of Song et al.'s published code (score_sde_pytorch, likelihood.py), written anew:
// the probability flow in the schedule's time t; in each evaluation one forward pass for the drift
// and another with a backward pass for its divergence; SciPy's RK45 on the batch as one vector of
// doubles on the host, so one step size for all images, with a relative and an absolute tolerance
// on the root mean square of everything, log densities included.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "likelihood/question.hpp"
#include "stochflow/diffusion/likelihood/divergence.hpp"

namespace likelihoods {
namespace {

using namespace stochflow::diffusion;
using Host = std::vector<double>;
using Field = std::function<Host(double t, const Host& y)>;

/// y at t1, by SciPy's RK45 (Dormand and Prince's pair, local extrapolation) with its step sizes.
Host rk45(const Field& field, double t0, double t1, Host y, double tolerance) {
  static constexpr double a[6][6] = {
      {},
      {1. / 5},
      {3. / 40, 9. / 40},
      {44. / 45, -56. / 15, 32. / 9},
      {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
      {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656}};
  static constexpr double c[6] = {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1};
  static constexpr double b[6] = {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84};
  static constexpr double e[7] = {
      -71. / 57600, 0, 71. / 16695, -71. / 1920, 17253. / 339200, -22. / 525, 1. / 40};
  const std::size_t n = y.size();
  const auto norm = [&](const Host& v, const Host& p, const Host& q) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double scale = tolerance + tolerance * std::max(std::abs(p[i]), std::abs(q[i]));
      sum += v[i] / scale * (v[i] / scale);
    }
    return std::sqrt(sum / static_cast<double>(n));
  };
  std::vector<Host> k(7);
  k[0] = field(t0, y);
  // The first step: Hairer, Norsett and Wanner, section II.4.
  const double d0 = norm(y, y, y), d1 = norm(k[0], y, y);
  const double h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
  Host trial(n), difference(n);
  for (std::size_t i = 0; i < n; ++i) trial[i] = y[i] + h0 * k[0][i];
  const Host f1 = field(t0 + h0, trial);
  for (std::size_t i = 0; i < n; ++i) difference[i] = f1[i] - k[0][i];
  const double d2 = norm(difference, y, y) / h0;
  const double h1 = std::max(d1, d2) <= 1e-15 ? std::max(1e-6, 1e-3 * h0)
                                              : std::pow(0.01 / std::max(d1, d2), 0.2);
  double h = std::min(100 * h0, h1), t = t0;
  while (t < t1) {
    bool rejected = false;
    while (true) {
      h = std::min(h, t1 - t);
      for (std::size_t s = 1; s < 6; ++s) {
        for (std::size_t i = 0; i < n; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < s; ++j) sum += a[s][j] * k[j][i];
          trial[i] = y[i] + h * sum;
        }
        k[s] = field(t + c[s] * h, trial);
      }
      for (std::size_t i = 0; i < n; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < 6; ++j) sum += b[j] * k[j][i];
        trial[i] = y[i] + h * sum;
      }
      k[6] = field(t + h, trial);
      for (std::size_t i = 0; i < n; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < 7; ++j) sum += e[j] * k[j][i];
        difference[i] = h * sum;
      }
      const double error = norm(difference, y, trial);
      if (error < 1) {
        t = t + h >= t1 ? t1 : t + h;
        const double factor = error == 0 ? 10 : std::min(10.0, 0.9 * std::pow(error, -0.2));
        h *= rejected ? std::min(1.0, factor) : factor;
        std::swap(y, trial);
        std::swap(k[0], k[6]);
        break;
      }
      h *= std::max(0.2, 0.9 * std::pow(error, -0.2));
      rejected = true;
    }
  }
  return y;
}

Host to_host(const at::Tensor& x, const at::Tensor& l) {
  const at::Tensor all = at::cat({x.flatten().to(at::kDouble), l.to(at::kDouble)}).contiguous();
  return {all.data_ptr<double>(), all.data_ptr<double>() + all.numel()};
}

}  // namespace

Answer score_sde(const NoisePredictor& model,
                 const Schedule& schedule,
                 const Images& images,
                 double tolerance) {
  const std::int64_t B = images.x.size(0), D = images.x.numel() / B;
  const at::Tensor probe =
      make_probes(Probe::rademacher, 1, images.seed, images.ids, images.x).squeeze(0);
  double passes = 0;
  const auto state_of = [&](const Host& y) {
    return at::from_blob(const_cast<double*>(y.data()), images.x.sizes(), at::kDouble)
        .to(at::kFloat);
  };
  const auto drift = [&](const at::Tensor& x, double t) {
    ++passes;
    const Level level = schedule.at(t);
    const at::Tensor gamma = at::full({B}, level.gamma, x.options().requires_grad(false));
    const at::Tensor score = model.eps(x / level.scale(), gamma) * (-1 / level.sigma);
    return level.f() * x - 0.5 * level.g_squared() * score;
  };
  const Field field = [&](double t, const Host& y) {
    const at::Tensor x = state_of(y);
    at::Tensor dx;
    {
      const c10::NoGradGuard no_grad;
      dx = drift(x, t);
    }
    const c10::AutoGradMode with_gradients(true);
    const at::Tensor leaf = x.requires_grad_(true);
    const at::Tensor along = (drift(leaf, t) * probe).sum();
    const at::Tensor gradient = torch::autograd::grad({along}, {leaf})[0];
    return to_host(dx, (gradient * probe).flatten(1).sum(1));
  };
  const Host end = rk45(
      field, schedule.t0, schedule.t1, to_host(images.x, at::zeros({B}, at::kDouble)), tolerance);
  Answer answer{.log_density = {}, .evaluations = passes};
  for (std::int64_t i = 0; i < B; ++i) {
    double squares = 0;
    for (std::int64_t d = 0; d < D; ++d) squares += end[i * D + d] * end[i * D + d];
    const double v = schedule.prior_std * schedule.prior_std;
    const double prior = -0.5 * (squares / v + static_cast<double>(D) * std::log(2 * M_PI * v));
    answer.log_density.push_back(prior + end[B * D + i]);
  }
  return answer;
}

}  // namespace likelihoods
