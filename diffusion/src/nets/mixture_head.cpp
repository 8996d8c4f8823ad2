#include "stochflow/diffusion/nets/mixture_head.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <stdexcept>

#include "mixture_kernel.hpp"
#include "mixture_shapes.hpp"
#include "palette_kernel.hpp"

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
  InLevel in_level;

  detail::PaletteTables palettes() const {
    return {log_weights.numel(),
            log_weights.data_ptr<double>(),
            log_ratios.data_ptr<double>(),
            ratios.data_ptr<double>(),
            in_level == InLevel::middle};
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
                         palettes ? palettes->ratios : none,
                         prior.in_level};
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
    context->saved_data["in_middle"] = prior.in_level == InLevel::middle;
    context->mark_non_differentiable({variance});
    context->set_materialize_grads(false);
    return {eps, variance, surprise};
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const MixturePrior prior{context->saved_data["boxes"].toDoubleVector(),
                             context->saved_data["width"].toDouble(),
                             context->saved_data["gaussians"].toInt()};
    const Batch<T> batch{
        boxes_of(prior),
        prior.gaussians,
        saved[0],
        saved[1],
        saved[2],
        saved[3],
        saved[4],
        saved[5],
        saved[6],
        saved[7],
        context->saved_data["in_middle"].toBool() ? InLevel::middle : InLevel::uniform};
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

}  // namespace

void detail::check_shapes(const MixturePrior& prior,
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

MixturePrior MixturePrior::grey_levels(const std::vector<int>& levels, std::int64_t gaussians) {
  MixturePrior prior{{}, 1.0 / 128, gaussians};
  for (const int k : levels) prior.box_lows.push_back(k / 128.0 - 1);
  return prior;
}

MixtureOutput mixture_posterior(const MixturePrior& prior,
                                const at::Tensor& outputs,
                                const at::Tensor& z,
                                const at::Tensor& alpha,
                                const at::Tensor& sigma,
                                const at::Tensor& x) {
  detail::check_shapes(prior, outputs, z, alpha, sigma, x);
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

}  // namespace stochflow::diffusion
