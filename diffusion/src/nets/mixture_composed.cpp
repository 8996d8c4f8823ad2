// The mixture head composed of LibTorch's operations: for every device, and the text to check the
// CPU kernels against.

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "mixture_shapes.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

// log of the normal density, and log(Phi(b) - Phi(a)) for a < b, mirrored so that both arguments
// lie where log_ndtr is accurate.
at::Tensor log_density(const at::Tensor& u) { return -0.5 * (u * u + std::log(2 * M_PI)); }

// at::logsumexp, which LibTorch 1.13 has not got on the meta device.
at::Tensor log_sum_exp(const at::Tensor& t, std::int64_t dim) {
  const at::Tensor largest = t.amax({dim}, true).detach();
  return at::log(at::exp(t - largest).sum({dim}, true)).add(largest).squeeze(dim);
}

at::Tensor log_interval(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor low = at::minimum(a, -b), high = at::minimum(b, -a);
  const at::Tensor top = at::special_log_ndtr(high), bottom = at::special_log_ndtr(low);
  return top + at::log(-at::expm1(bottom - top));
}

// x uniform in an interval and y = x + s noise: the noise is a standard normal cut to [near, far].
// The log of its probability, its mean and its variance.
struct Cut {
  at::Tensor log_mass, mean, variance;
};
Cut cut_normal(const at::Tensor& near, const at::Tensor& far) {
  const at::Tensor mass = log_interval(near, far);
  const at::Tensor at_near = at::exp(log_density(near) - mass),
                   at_far = at::exp(log_density(far) - mass);
  const at::Tensor mean = at_near - at_far;
  return {mass,
          at::minimum(at::maximum(mean, near), far),
          (1 + near * at_near - far * at_far - mean * mean).clamp_min(0)};
}

// The same where x is known, and with it the noise: the density of y in place of a probability.
Cut known(const at::Tensor& noise, const at::Tensor& s) {
  return {log_density(noise) - at::log(s), noise, at::zeros_like(noise)};
}

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
  const auto [mass, e, variance] = prior.in_level == InLevel::uniform
                                       ? cut_normal((y - low - w) / s, (y - low) / s)
                                       : known((y - low - 0.5 * w) / s, s);
  const at::Tensor joint = log_prior + mass, r = at::softmax(joint, 1);
  const PaletteLookup& palettes = *prior.palettes;
  const at::Tensor ratios = palettes.ratios.t();  // [K, 256]
  const at::Tensor D = at::matmul(ratios, r);     // [B, K, pixels]
  const at::Tensor log_weights = palettes.log_weights.unsqueeze(0);
  const at::Tensor log_share = log_weights + at::log(D).sum(2);
  const at::Tensor q = at::softmax(log_share, 1).unsqueeze(2);
  // The posterior over levels, all palettes together.
  const at::Tensor posterior = r * at::matmul(ratios.t(), q / D);
  const at::Tensor eps = (posterior * e).sum(1);
  MixtureOutput result;
  result.eps = eps.reshape(z.sizes()).to(z.scalar_type());
  const at::Tensor spread = e - eps.unsqueeze(1);
  result.variance = (s * s * posterior * (variance + spread * spread))
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
    const at::Tensor clean = palettes.log_ratios.index_select(0, level.flatten());
    const at::Tensor log_clean =
        log_weights + clean.reshape({batch, -1, log_weights.size(1)}).sum(1);
    result.surprise = (log_sum_exp(joint, 1).sum(1) - own.sum({1, 2}) + log_sum_exp(log_share, 1) -
                       log_sum_exp(log_clean, 1))
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
  const at::Tensor share = share_of_palettes(gamma);
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
    const Cut cut = cut_normal((y - high) / s, (y - low) / s);
    likelihoods.push_back(cut.log_mass - std::log(prior.box_width));
    means.push_back(y - s * cut.mean);
    variances.push_back(s * s * cut.variance);
    if (x.defined()) {
      const at::Tensor inside = clean.ge(low).to(at::kDouble) * clean.lt(high).to(at::kDouble);
      densities.push_back((1 - inside) * -1e30 - std::log(prior.box_width));
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
        log_sum_exp(joint, 1) - log_sum_exp(logits + at::cat(densities, 1), 1);
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
  detail::check_shapes(prior, outputs, z, alpha, sigma, x);
  const MixtureOutput alone = pixels_alone_composed(prior, outputs, z, alpha, sigma, x);
  if (!prior.palettes) return alone;
  return mixed(alone, palette_posterior_composed(prior, outputs, z, alpha, sigma, x), alpha, sigma);
}

}  // namespace stochflow::diffusion
