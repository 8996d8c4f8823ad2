#include "stochflow/diffusion/critically_damped.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <functional>
#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/tensor/state.hpp"

namespace stochflow::diffusion {
namespace {

/// int_0^B s^k exp(-4 s/Gamma) ds, without cancellation for small B.
double moment(int k, double B, double friction) {
  const double scale = friction / 4;
  return std::pow(scale, k + 1) * boost::math::tgamma_lower(k + 1.0, B / scale);
}

at::Tensor all_rows(const at::Tensor& like, double t) {
  return at::full({like.size(0)}, t, at::kDouble);
}

/// Linear part of the step.
TensorPhaseSpace moved(const PairTransition& p, const TensorPhaseSpace& u) {
  return {p.xx * u.x + p.xv * u.v, p.vx * u.x + p.vv * u.v};
}

/// Correlated noise of the step, from standard normals.
TensorPhaseSpace noise_of(const PairTransition& p, const TensorPhaseSpace& n) {
  const double x = std::sqrt(p.c_xx), across = p.c_xv / x;
  return {x * n.x, across * n.x + std::sqrt(std::max(p.c_vv - across * across, 0.0)) * n.v};
}

}  // namespace

PairTransition CriticallyDamped::transition(double dt) const {
  const double G = friction(), B = beta * dt, decay = std::exp(-2 * B / G);
  const double I0 = moment(0, B, G), I1 = moment(1, B, G), I2 = moment(2, B, G);
  return {.xx = decay * (1 + 2 * B / G),
          .xv = decay * 4 * B / (G * G),
          .vx = -decay * B,
          .vv = decay * (1 - 2 * B / G),
          .c_xx = 32 / (G * G * G) * I2,
          .c_xv = 8 / G * (I1 - 2 / G * I2),
          .c_vv = 2 * G * (I0 - 4 / G * I1 + 4 / (G * G) * I2)};
}

PairTransition CriticallyDamped::kernel(double t) const {
  PairTransition p = transition(t);
  const double v0 = start_variance * mass;
  p.c_xx += v0 * p.xv * p.xv;
  p.c_xv += v0 * p.xv * p.vv;
  p.c_vv += v0 * p.vv * p.vv;
  return p;
}

double CriticallyDamped::noise_scale(double t) const {
  const PairTransition p = kernel(t);
  return 1 / std::sqrt(p.c_vv - p.c_xv * p.c_xv / p.c_xx);
}

at::Tensor velocity_score(const VelocityNoisePredictor& model,
                          const CriticallyDamped& process,
                          const TensorPhaseSpace& u,
                          double t) {
  return -process.noise_scale(t) * model.eps_v(u, all_rows(u.v, t));
}

at::Tensor denoised(const VelocityNoisePredictor& model,
                    const CriticallyDamped& process,
                    const TensorPhaseSpace& u,
                    double t) {
  // v = vx x0 + regression (x - xx x0) + eps_v/noise_scale
  const PairTransition p = process.kernel(t);
  const double regression = p.c_xv / p.c_xx;
  const at::Tensor noise = (1 / process.noise_scale(t)) * model.eps_v(u, all_rows(u.v, t));
  return (u.v - regression * u.x - noise) * (1 / (p.vx - regression * p.xx));
}

TensorPhaseSpace diffused(const CriticallyDamped& process,
                          const at::Tensor& x0,
                          const at::Tensor& t,
                          const TensorPhaseSpace& eps) {
  if (t.dim() != 1 || t.size(0) != x0.size(0) || eps.x.sizes() != x0.sizes() ||
      eps.v.sizes() != x0.sizes()) {
    throw std::invalid_argument("diffused: expected x0 and both eps [B, ...] of one shape, t [B]");
  }
  const at::Tensor times = t.to(at::kCPU, at::kDouble).contiguous();
  std::vector<PairTransition> kernels;
  for (std::int64_t i = 0; i < times.numel(); ++i) {
    kernels.push_back(process.kernel(times.data_ptr<double>()[i]));
  }
  const auto column = [&](const std::function<double(const PairTransition&)>& of) {
    std::vector<double> values;
    for (const PairTransition& p : kernels) values.push_back(of(p));
    return beside(values, x0);
  };
  const at::Tensor across =
      column([](const PairTransition& p) { return p.c_xv / std::sqrt(p.c_xx); });
  const at::Tensor own =
      column([](const PairTransition& p) { return std::sqrt(p.c_vv - p.c_xv * p.c_xv / p.c_xx); });
  return {column([](const PairTransition& p) { return p.xx; }) * x0 +
              column([](const PairTransition& p) { return std::sqrt(p.c_xx); }) * eps.x,
          column([](const PairTransition& p) { return p.vx; }) * x0 + across * eps.x + own * eps.v};
}

at::Tensor hybrid_loss(const VelocityNoisePredictor& model,
                       const CriticallyDamped& process,
                       const at::Tensor& x0,
                       const at::Tensor& t,
                       const TensorPhaseSpace& eps,
                       bool likelihood) {
  const TensorPhaseSpace u = diffused(process, x0, t, eps);
  const at::Tensor error = (model.eps_v(u, t) - eps.v).square().flatten(1).sum(1);
  if (!likelihood) return error;
  const at::Tensor times = t.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> weights;
  for (std::int64_t i = 0; i < times.numel(); ++i) {
    const double scale = process.noise_scale(times.data_ptr<double>()[i]);
    weights.push_back(process.friction() * process.beta * scale * scale);
  }
  return at::tensor(weights, at::kDouble).to(error.options()) * error;
}

TensorPhaseSpace ReverseCriticallyDamped::drift(const TensorPhaseSpace& u, double s) const {
  const double b = process.beta, G = process.friction(), M = process.mass;
  const at::Tensor score = velocity_score(model, process, u, process.t1 - s);
  return {(-b / M) * u.v, b * u.x + (b * G / M) * u.v + (2 * G * b) * score};
}

TensorPhaseSpace ReverseCriticallyDamped::noise_term(const TensorPhaseSpace& u,
                                                     double s,
                                                     const at::Tensor& dW) const {
  return {at::zeros_like(dW), diffusion(u, s) * dW};
}

at::Tensor CriticallyDampedFlow::operator()(const at::Tensor& packed, double t) const {
  const TensorPhaseSpace u{packed[0], packed[1]};
  const double b = process.beta, G = process.friction(), M = process.mass;
  const at::Tensor score = velocity_score(model, process, u, t);
  return at::stack({(b / M) * u.v, -b * u.x - (b * G / M) * u.v - (G * b) * score});
}

namespace {

/// Pair number `draw` of standard normals.
TensorPhaseSpace normal_pair_of(const Draw& draw, Purpose purpose, std::uint64_t number) {
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(draw.ids.size())};
  shape.insert(shape.end(), draw.shape.begin(), draw.shape.end());
  const at::Tensor like = at::empty(shape, draw.options);
  const RandomStream stream(draw.seed, purpose);
  return {normals(stream, draw.ids, 2 * number, like),
          normals(stream, draw.ids, 2 * number + 1, like)};
}

}  // namespace

TensorPhaseSpace prior_sample(const CriticallyDamped& process, const Draw& draw) {
  const TensorPhaseSpace n = normal_pair_of(draw, Purpose::prior, 0);
  return {n.x, std::sqrt(process.mass) * n.v};
}

Samples sample_sscs(const VelocityNoisePredictor& model,
                    const CriticallyDamped& process,
                    const Draw& draw,
                    std::span<const double> times,
                    const SampleOptions& options) {
  const c10::NoGradGuard no_gradients;
  if (times.size() < 2 || !std::is_sorted(times.begin(), times.end(), std::greater_equal<>())) {
    throw std::invalid_argument("sample_sscs: expected times that decrease from t1 to t0");
  }
  TensorPhaseSpace u = prior_sample(process, draw);
  const auto show = [&](double t) {
    if (options.observer) options.observer(u.x, t);
  };
  show(times.front());
  // Backwards in time everything but the score is the forward process of (-x, v).
  const auto without_score = [&](double h, std::uint64_t number) {
    const PairTransition p = process.transition(h);
    const TensorPhaseSpace next =
        moved(p, {-u.x, u.v}) + noise_of(p, normal_pair_of(draw, Purpose::increments, number));
    u = {-next.x, next.v};
  };
  std::int64_t nfe = 0;
  for (std::size_t k = 0; k + 1 < times.size(); ++k) {
    const double h = times[k] - times[k + 1], middle = times[k] - 0.5 * h;
    without_score(0.5 * h, 2 * k);
    const at::Tensor score = velocity_score(model, process, u, middle) + u.v / process.mass;
    u.v = u.v + (2 * process.friction() * process.beta * h) * score;
    ++nfe;
    without_score(0.5 * h, 2 * k + 1);
    show(times[k + 1]);
  }
  Outcome outcome{.status = Status::ok, .t = times.back(), .step = nfe};
  if (options.denoise) {
    u.x = denoised(model, process, u, times.back());
    ++nfe;
  }
  if (!StateTraits<at::Tensor>::all_finite(u.x)) outcome.status = Status::not_finite;
  return {u.x, nfe, outcome};
}

}  // namespace stochflow::diffusion
