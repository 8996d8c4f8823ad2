#include "stochflow/diffusion/nets/mixture_head.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <stdexcept>

#include "mixture_kernel.hpp"
#include "palette_kernel.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

std::vector<detail::Box> boxes_of(const MixturePrior& prior) {
  std::vector<detail::Box> boxes;
  for (const double low : prior.box_lows) boxes.push_back({low, low + prior.box_width});
  return boxes;
}

// A batch laid out for the kernel; sample(i) is its i-th member.
template <class T>
struct Batch {
  std::vector<detail::Box> boxes;
  std::int64_t gaussians;
  at::Tensor outputs, z, alpha, sigma;  // contiguous; alpha and sigma in double
  at::Tensor x;                         // empty when there are no clean values
  // As in PaletteLookup; empty when there are none.
  at::Tensor log_weights, log_ratios, ratios;

  detail::PaletteTables palettes() const {
    return {log_weights.numel(),
            log_weights.data_ptr<double>(),
            log_ratios.data_ptr<double>(),
            ratios.data_ptr<double>()};
  }
  /// How much palettes have a say in sample i.
  double share(std::int64_t i) const {
    if (log_weights.numel() == 0) return 0;
    return share_of_palettes(2 *
                             std::log(sigma.data_ptr<double>()[i] / alpha.data_ptr<double>()[i]));
  }
  std::int64_t size() const { return z.size(0); }
  std::int64_t pixels() const { return z.numel() / z.size(0); }
  std::int64_t channels() const { return static_cast<std::int64_t>(boxes.size()) + 3 * gaussians; }
  detail::MixtureInput<T> sample(std::int64_t i) const {
    const std::int64_t n = pixels();
    return {boxes,
            gaussians,
            n,
            outputs.data_ptr<T>() + i * n * channels(),
            z.data_ptr<T>() + i * n,
            x.numel() > 0 ? x.data_ptr<T>() + i * n : nullptr,
            alpha.data_ptr<double>()[i],
            sigma.data_ptr<double>()[i]};
  }
};

template <class T>
struct KernelHead : torch::autograd::Function<KernelHead<T>> {
  static tensor_list forward(AutogradContext* context,
                             const at::Tensor& outputs,
                             const at::Tensor& z,
                             const at::Tensor& alpha,
                             const at::Tensor& sigma,
                             const at::Tensor& x,
                             const MixturePrior& prior) {
    const at::Tensor none = at::empty({0}, at::kDouble);
    const auto* const palettes = prior.palettes.get();
    const Batch<T> batch{boxes_of(prior),
                         prior.gaussians,
                         outputs.contiguous(),
                         z.contiguous(),
                         alpha.to(at::kDouble).contiguous(),
                         sigma.to(at::kDouble).contiguous(),
                         x.contiguous(),
                         palettes ? palettes->log_weights : none,
                         palettes ? palettes->log_ratios : none,
                         palettes ? palettes->ratios : none};
    at::Tensor eps = at::empty_like(batch.z), variance = at::empty_like(batch.z);
    at::Tensor surprise = at::zeros({batch.size()}, z.options());
    const std::int64_t n = batch.pixels();
    at::parallel_for(0, batch.size(), 1, [&](std::int64_t begin, std::int64_t end) {
      std::vector<T> other(static_cast<std::size_t>(2 * n));
      for (std::int64_t i = begin; i < end; ++i) {
        detail::MixtureResult<T> result{
            eps.data_ptr<T>() + i * n, variance.data_ptr<T>() + i * n, 0};
        const double share = batch.share(i);
        if (share < 1) detail::mixture_forward(batch.sample(i), result);
        if (share == 1) detail::palette_forward(batch.sample(i), batch.palettes(), result);
        if (share > 0 && share < 1) {
          detail::MixtureResult<T> with{other.data(), other.data() + n, 0};
          detail::palette_forward(batch.sample(i), batch.palettes(), with);
          const auto mixed = [&](auto a, auto b) {
            return static_cast<decltype(a)>((1 - share) * a + share * b);
          };
          for (std::int64_t k = 0; k < n; ++k) {
            result.eps[k] = mixed(result.eps[k], with.eps[k]);
            result.variance[k] = mixed(result.variance[k], with.variance[k]);
          }
          result.surprise = mixed(result.surprise, with.surprise);
        }
        surprise.data_ptr<T>()[i] = static_cast<T>(result.surprise);
      }
    });
    context->save_for_backward({batch.outputs,
                                batch.z,
                                batch.alpha,
                                batch.sigma,
                                batch.x,
                                batch.log_weights,
                                batch.log_ratios,
                                batch.ratios});
    context->saved_data["boxes"] = prior.box_lows;
    context->saved_data["width"] = prior.box_width;
    context->saved_data["gaussians"] = prior.gaussians;
    context->mark_non_differentiable({variance});
    context->set_materialize_grads(false);
    return {eps, variance, surprise};
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const MixturePrior prior{context->saved_data["boxes"].toDoubleVector(),
                             context->saved_data["width"].toDouble(),
                             context->saved_data["gaussians"].toInt(),
                             {}};
    const Batch<T> batch{boxes_of(prior),
                         prior.gaussians,
                         saved[0],
                         saved[1],
                         saved[2],
                         saved[3],
                         saved[4],
                         saved[5],
                         saved[6],
                         saved[7]};
    const at::Tensor by_eps = gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
    const at::Tensor by_surprise =
        gradients[2].defined() ? gradients[2].contiguous() : at::Tensor();
    at::Tensor by_outputs = at::empty_like(batch.outputs), by_z = at::empty_like(batch.z);
    const std::int64_t n = batch.pixels();
    at::parallel_for(0, batch.size(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const detail::MixtureGradient<T> gradient{
            by_eps.defined() ? by_eps.data_ptr<T>() + i * n : nullptr,
            by_surprise.defined() ? static_cast<double>(by_surprise.data_ptr<T>()[i]) : 0.0,
            by_outputs.data_ptr<T>() + i * n * batch.channels(),
            by_z.data_ptr<T>() + i * n};
        auto input = batch.sample(i);
        if (gradient.surprise == 0) input.x = nullptr;
        const double share = batch.share(i);
        if (share < 1) detail::mixture_backward(input, gradient);
        if (share == 1) detail::palette_backward(input, batch.palettes(), gradient);
        if (share > 0 && share < 1) {
          const std::int64_t outputs = n * batch.channels();
          std::vector<T> other(static_cast<std::size_t>(outputs + n));
          auto with = gradient;
          with.outputs = other.data();
          with.z = other.data() + outputs;
          detail::palette_backward(input, batch.palettes(), with);
          const auto mix = [&](T* to, const T* from, std::int64_t count) {
            for (std::int64_t k = 0; k < count; ++k) {
              to[k] = static_cast<T>((1 - share) * to[k] + share * from[k]);
            }
          };
          mix(gradient.outputs, with.outputs, outputs);
          mix(gradient.z, with.z, n);
        }
      }
    });
    return {by_outputs, by_z, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

void check_shapes(const MixturePrior& prior,
                  const at::Tensor& outputs,
                  const at::Tensor& z,
                  const at::Tensor& alpha,
                  const at::Tensor& sigma,
                  const at::Tensor& x) {
  if (prior.channels() < 1) {
    throw std::invalid_argument("mixture_posterior: the prior has neither boxes nor Gaussians");
  }
  if (prior.palettes && !prior.box_lows.empty() && prior.box_width != 1.0 / 128) {
    throw std::invalid_argument(
        "mixture_posterior: palettes are of grey levels, and so must the boxes be: take "
        "MixturePrior::grey_levels");
  }
  const bool shapes = outputs.dim() >= 2 && outputs.size(1) == prior.channels() && z.dim() >= 1 &&
                      z.size(0) == outputs.size(0) &&
                      outputs.numel() == z.numel() * prior.channels();
  const bool levels =
      alpha.dim() == 1 && sigma.sizes() == alpha.sizes() && alpha.size(0) == z.size(0);
  if (!shapes || !levels || (x.defined() && x.sizes() != z.sizes())) {
    throw std::invalid_argument(
        "mixture_posterior needs outputs [B, " + std::to_string(prior.channels()) +
        ", ...], z [B, ...] with as many pixels, alpha and sigma [B], and x like z");
  }
}

}  // namespace

MixturePrior MixturePrior::grey_levels(const std::vector<int>& levels, std::int64_t gaussians) {
  MixturePrior prior{{}, 1.0 / 128, gaussians, {}};
  for (const int k : levels) prior.box_lows.push_back(k / 128.0 - 1);
  return prior;
}

MixtureOutput mixture_posterior(const MixturePrior& prior,
                                const at::Tensor& outputs,
                                const at::Tensor& z,
                                const at::Tensor& alpha,
                                const at::Tensor& sigma,
                                const at::Tensor& x) {
  check_shapes(prior, outputs, z, alpha, sigma, x);
  const bool one_type = outputs.scalar_type() == z.scalar_type() &&
                        (!x.defined() || x.scalar_type() == z.scalar_type());
  const bool kernel = one_type && z.is_cpu() && outputs.is_cpu() && z.numel() > 0 &&
                      (z.scalar_type() == at::kFloat || z.scalar_type() == at::kDouble);
  if (!kernel) return mixture_posterior_composed(prior, outputs, z, alpha, sigma, x);
  // An empty tensor stands for no clean values: custom functions take defined tensors only.
  const at::Tensor clean = x.defined() ? x : at::empty({0}, z.options());
  const auto result = z.scalar_type() == at::kFloat
                          ? KernelHead<float>::apply(outputs, z, alpha, sigma, clean, prior)
                          : KernelHead<double>::apply(outputs, z, alpha, sigma, clean, prior);
  return {result[0], result[1], x.defined() ? result[2] : at::Tensor()};
}

namespace {

// log of the normal density, and log(Phi(b) - Phi(a)) for a < b, mirrored so that both arguments
// lie where log_ndtr is accurate.
at::Tensor log_density(const at::Tensor& u) { return -0.5 * (u * u + std::log(2 * M_PI)); }

at::Tensor log_interval(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor low = at::minimum(a, -b), high = at::minimum(b, -a);
  const at::Tensor top = at::special_log_ndtr(high), bottom = at::special_log_ndtr(low);
  return top + at::log(-at::expm1(bottom - top));
}

}  // namespace

namespace {

// As in palette_kernel.hpp, over all 256 levels.
MixtureOutput palette_posterior_composed(const MixturePrior& prior,
                                         const at::Tensor& outputs,
                                         const at::Tensor& z,
                                         const at::Tensor& alpha,
                                         const at::Tensor& sigma,
                                         const at::Tensor& x) {
  const std::int64_t batch = z.size(0), boxes = static_cast<std::int64_t>(prior.box_lows.size()),
                     gaussians = prior.gaussians, levels = 256;
  const double w = 1.0 / 128;
  const auto here = outputs.options().dtype(at::kDouble);
  const auto column = [&](const at::Tensor& t) { return t.to(here).reshape({batch, 1, 1}); };
  const at::Tensor all = outputs.to(at::kDouble).reshape({batch, prior.channels(), -1});
  const at::Tensor s = column(sigma) / column(alpha);
  const at::Tensor y = z.to(at::kDouble).reshape({batch, 1, -1}) / column(alpha);
  const at::Tensor low = (at::arange(levels, here) * w - 1).reshape({1, levels, 1});
  // Weights of the levels: a matrix of ones for boxes, densities for Gaussians.
  at::Tensor weights = at::zeros({1}, here);
  const at::Tensor shares = at::softmax(all.narrow(1, 0, boxes + gaussians), 1);
  for (std::int64_t k = 0; k < boxes; ++k) {
    const double level = std::round((prior.box_lows[static_cast<std::size_t>(k)] + 1) * 128);
    const at::Tensor is = ((low + 1) * 128).eq(level).to(here);
    weights = weights + is * shares.narrow(1, k, 1);
  }
  for (std::int64_t j = 0; j < gaussians; ++j) {
    const at::Tensor centre = all.narrow(1, boxes + gaussians + j, 1);
    const at::Tensor log_width = all.narrow(1, boxes + 2 * gaussians + j, 1).clamp(-9, 3);
    const at::Tensor total = at::exp(2 * log_width) + 0.25 * w * w;
    const at::Tensor density =
        at::exp(log_density((low + 0.5 * w - centre) / at::sqrt(total)) - 0.5 * at::log(total));
    weights = weights + w * shares.narrow(1, boxes + j, 1) * density;
  }
  const at::Tensor log_prior = at::log(weights + 1e-300);
  const at::Tensor a = (low - y) / s, b = (low + w - y) / s;
  const at::Tensor mass = log_interval(a, b);
  const at::Tensor at_a = at::exp(log_density(a) - mass), at_b = at::exp(log_density(b) - mass);
  const at::Tensor e = -at::minimum(at::maximum(at_a - at_b, a), b);
  const at::Tensor joint = log_prior + mass, r = at::softmax(joint, 1);
  const PaletteLookup& palettes = *prior.palettes;
  const at::Tensor ratios = palettes.ratios.to(here.device()).t();  // [K, 256]
  const at::Tensor D = at::matmul(ratios, r);                       // [B, K, pixels]
  const at::Tensor log_weights = palettes.log_weights.to(here.device()).unsqueeze(0);
  const at::Tensor log_share = log_weights + at::log(D).sum(2);
  const at::Tensor q = at::softmax(log_share, 1).unsqueeze(2);
  // The posterior over levels, all palettes together.
  const at::Tensor posterior = r * at::matmul(ratios.t(), q / D);
  const at::Tensor eps = (posterior * e).sum(1);
  const at::Tensor variance = 1 + a * at_a - b * at_b - e * e;
  MixtureOutput result;
  result.eps = eps.reshape(z.sizes()).to(z.scalar_type());
  const at::Tensor spread = e - eps.unsqueeze(1);
  result.variance = (s * s * posterior * (variance.clamp_min(0) + spread * spread))
                        .sum(1)
                        .detach()
                        .reshape(z.sizes())
                        .to(z.scalar_type());
  if (x.defined()) {
    const at::Tensor level = ((x.to(here).reshape({batch, -1}) + 1) * 128)
                                 .floor()
                                 .clamp(0, levels - 1)
                                 .to(at::kLong);  // [B, pixels]
    const at::Tensor own =
        log_prior.expand({batch, levels, y.size(2)}).gather(1, level.unsqueeze(1));
    const at::Tensor clean = palettes.log_ratios.to(here.device()).index_select(0, level.flatten());
    const at::Tensor log_clean =
        log_weights + clean.reshape({batch, -1, log_weights.size(1)}).sum(1);
    result.surprise = (at::logsumexp(joint, {1}).sum(1) - own.sum({1, 2}) +
                       at::logsumexp(log_share, {1}) - at::logsumexp(log_clean, {1}))
                          .to(z.scalar_type());
  }
  return result;
}

// What palettes say where they have a say, what pixels say by themselves elsewhere.
MixtureOutput mixed(const MixtureOutput& alone,
                    const MixtureOutput& with,
                    const at::Tensor& alpha,
                    const at::Tensor& sigma) {
  const at::Tensor gamma = 2 * at::log(sigma.to(at::kDouble) / alpha.to(at::kDouble));
  const at::Tensor u = (-7 - gamma).clamp(0, 1);
  const at::Tensor share = u * u * (3 - 2 * u);
  const auto mix = [&](const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor own = beside(share, a);
    return (1 - own) * a + own * b;
  };
  MixtureOutput result{mix(alone.eps, with.eps), mix(alone.variance, with.variance), {}};
  if (alone.surprise.defined()) result.surprise = mix(alone.surprise, with.surprise);
  return result;
}

MixtureOutput pixels_alone_composed(const MixturePrior& prior,
                                    const at::Tensor& outputs,
                                    const at::Tensor& z,
                                    const at::Tensor& alpha,
                                    const at::Tensor& sigma,
                                    const at::Tensor& x) {
  const std::int64_t batch = z.size(0), boxes = static_cast<std::int64_t>(prior.box_lows.size()),
                     gaussians = prior.gaussians;
  const auto column = [&](const at::Tensor& t) { return t.to(at::kDouble).reshape({batch, 1, 1}); };
  const at::Tensor all = outputs.to(at::kDouble).reshape({batch, prior.channels(), -1});
  const at::Tensor s = column(sigma) / column(alpha);
  const at::Tensor y = z.to(at::kDouble).reshape({batch, 1, -1}) / column(alpha);
  const at::Tensor logits = all.narrow(1, 0, boxes + gaussians);
  std::vector<at::Tensor> likelihoods, means, variances, densities;
  const at::Tensor clean = x.defined() ? x.to(at::kDouble).reshape({batch, 1, -1}) : at::Tensor();

  for (const double low : prior.box_lows) {
    const double high = low + prior.box_width;
    const at::Tensor near = (y - high) / s, far = (y - low) / s;
    const at::Tensor mass = log_interval(near, far);
    const at::Tensor at_near = at::exp(log_density(near) - mass),
                     at_far = at::exp(log_density(far) - mass);
    const at::Tensor t = at_near - at_far;
    likelihoods.push_back(mass - std::log(prior.box_width));
    means.push_back(at::clamp(y - s * t, low, high));
    variances.push_back(s * s * (1 + near * at_near - far * at_far - t * t).clamp_min(0));
    if (x.defined()) {
      const at::Tensor outside = at::logical_or(clean < low, clean >= high).to(at::kDouble);
      densities.push_back(outside * -1e30 - std::log(prior.box_width));
    }
  }
  if (gaussians > 0) {
    const at::Tensor centre = all.narrow(1, boxes + gaussians, gaussians);
    const at::Tensor log_width = all.narrow(1, boxes + 2 * gaussians, gaussians).clamp(-9, 3);
    const at::Tensor v = at::exp(2 * log_width), total = v + s * s;
    likelihoods.push_back(log_density((y - centre) / at::sqrt(total)) - 0.5 * at::log(total));
    means.push_back((v * y + s * s * centre) / total);
    variances.push_back(v * s * s / total);
    if (x.defined()) {
      densities.push_back(log_density((clean - centre) * at::exp(-log_width)) - log_width);
    }
  }
  const at::Tensor joint = logits + at::cat(likelihoods, 1);
  const at::Tensor weights = at::softmax(joint, 1), mean = at::cat(means, 1);
  const at::Tensor x_hat = (weights * mean).sum(1, true);
  const at::Tensor spread = mean - x_hat;
  const at::Tensor variance = (weights * (at::cat(variances, 1) + spread * spread)).sum(1);
  MixtureOutput result;
  result.eps = ((y - x_hat) / s).reshape(z.sizes()).to(z.scalar_type());
  result.variance = variance.detach().reshape(z.sizes()).to(z.scalar_type());
  if (x.defined()) {
    const at::Tensor surprise =
        at::logsumexp(joint, {1}) - at::logsumexp(logits + at::cat(densities, 1), {1});
    result.surprise = surprise.sum(1).to(z.scalar_type());
  }
  return result;
}

}  // namespace

MixtureOutput mixture_posterior_composed(const MixturePrior& prior,
                                         const at::Tensor& outputs,
                                         const at::Tensor& z,
                                         const at::Tensor& alpha,
                                         const at::Tensor& sigma,
                                         const at::Tensor& x) {
  check_shapes(prior, outputs, z, alpha, sigma, x);
  const MixtureOutput alone = pixels_alone_composed(prior, outputs, z, alpha, sigma, x);
  if (!prior.palettes) return alone;
  return mixed(alone, palette_posterior_composed(prior, outputs, z, alpha, sigma, x), alpha, sigma);
}

}  // namespace stochflow::diffusion
