#include "stochflow/diffusion/nets/score_network.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/nets/unet.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {

UNetConfig ScoreNetworkConfig::unet() const {
  const std::int64_t per_value = head == Head::noise ? 1 : prior().channels();
  return {.image_channels = image_channels,
          .height = height,
          .width = width,
          .outputs = per_value * image_channels,
          .channels = channels,
          .deep_channels = deep_channels,
          .blocks_down = blocks_down,
          .blocks_up = blocks_up,
          .blocks_deep = blocks_deep,
          .heads = heads,
          .groups = groups,
          .embedding = embedding,
          .gamma_min = gamma_min,
          .gamma_max = gamma_max,
          .classes = classes};
}

ScoreNetwork::ScoreNetwork(const ScoreNetworkConfig& config, at::Device device)
    : config_(config), unet_(std::make_shared<UNet>(config.unet(), device)) {}

void ScoreNetwork::take_palettes(const Palettes& palettes, InLevel in_level) {
  if (config_.head != Head::mixture_posterior) {
    throw std::invalid_argument(
        "score network: palettes are of grey levels, which only the mixture-posterior head knows");
  }
  palettes_ = std::make_shared<const PaletteLookup>(palettes, unet_->output_bias().device());
  in_level_ = in_level;
}

std::optional<Palettes> ScoreNetwork::palettes() const {
  if (!palettes_) return std::nullopt;
  return Palettes{palettes_->log_weights.cpu(), palettes_->log_ratios.cpu().t().contiguous()};
}

void ScoreNetwork::initialise(std::uint64_t seed) {
  unet_->initialise(seed);
  if (config_.head == Head::noise) return;
  // The silent network's prior: boxes and Gaussians equally likely, Gaussians spread over the
  // range.
  const c10::NoGradGuard no_grad;
  const std::int64_t boxes = static_cast<std::int64_t>(config_.box_levels.size());
  const std::int64_t m = config_.gaussians;
  at::Tensor bias = at::zeros({config_.prior().channels(), config_.image_channels, 4});
  for (std::int64_t j = 0; j < m; ++j) {
    bias[boxes + m + j].fill_(2 * (j + 0.5) / static_cast<double>(m) - 1);
    bias[boxes + 2 * m + j].fill_(-1.5);
  }
  unet_->output_bias().copy_(bias.reshape({-1}));
}

at::ScalarType ScoreNetwork::precision() const { return unet_->output_bias().scalar_type(); }

at::Tensor ScoreNetwork::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  return evaluate(z, gamma).eps;
}

MixtureOutput ScoreNetwork::evaluate(const at::Tensor& z,
                                     const at::Tensor& gamma,
                                     const Evaluation& asked) const {
  const std::int64_t pixels = config_.image_channels * config_.height * config_.width;
  if (z.dim() < 2 || z.numel() != z.size(0) * pixels || gamma.dim() != 1 ||
      gamma.size(0) != z.size(0)) {
    throw std::invalid_argument("score network: expected z [B, ...] with " +
                                std::to_string(pixels) + " values a sample and gamma [B]");
  }
  const at::ScalarType type = precision();
  const std::vector<std::int64_t> image = {
      z.size(0), config_.image_channels, config_.height, config_.width};
  const at::Tensor own_z = z.to(type).reshape(image), own_gamma = gamma.to(own_z.options());
  // gamma = ln(sigma^2/alpha^2); double, because 1 - alpha^2 is what counts.
  const at::Tensor wide = gamma.to(z.device(), at::kDouble);
  const at::Tensor alpha = at::sqrt(at::sigmoid(-wide)), sigma = at::sqrt(at::sigmoid(wide));
  const at::Tensor raw = unet_->forward(own_z, own_gamma, asked.mixed_precision, asked.labels);
  MixtureOutput result;
  if (config_.head == Head::noise) {
    result.eps = beside(sigma, own_z) * own_z + beside(alpha, own_z) * raw;
    result.eps = result.eps.reshape(z.sizes()).to(z.scalar_type());
    return result;
  }
  MixturePrior prior = config_.prior();
  prior.palettes = palettes_;
  prior.in_level = in_level_;
  const at::Tensor outputs = raw.reshape(
      {image[0], prior.channels(), config_.image_channels, config_.height, config_.width});
  const at::Tensor own_x = asked.x.defined() ? asked.x.to(type).reshape(image) : at::Tensor();
  result = mixture_posterior(prior, outputs, own_z, alpha, sigma, own_x);
  result.eps = result.eps.reshape(z.sizes()).to(z.scalar_type());
  result.variance = result.variance.reshape(z.sizes()).to(z.scalar_type());
  return result;
}

at::Tensor ScoreNetwork::decoder_nats(const at::Tensor& z,
                                      const at::Tensor& gamma,
                                      const at::Tensor& x) const {
  const at::Tensor wide = gamma.to(z.device(), at::kDouble);
  const at::Tensor log_s = 0.5 * wide;  // of the noise in z/alpha
  const at::Tensor y = z.to(at::kDouble).flatten(1) / at::sqrt(at::sigmoid(-wide)).unsqueeze(1);
  const at::Tensor u = (y - x.to(at::kDouble).flatten(1)) * at::exp(-log_s).unsqueeze(1);
  const double pixels = static_cast<double>(u.size(1));
  const at::Tensor gaussian = 0.5 * (u * u).sum(1) + pixels * (log_s + 0.5 * std::log(2 * M_PI));
  if (config_.head == Head::noise) return gaussian;
  return gaussian + evaluate(z, gamma, {.x = x}).surprise.to(at::kDouble);
}

OfClass::OfClass(const ScoreNetwork& network, std::int64_t label)
    : network_(network), label_(label) {
  const std::int64_t classes = network.config().classes;
  if (label < 0 || label >= classes) {
    throw std::invalid_argument(
        classes == 0 ? "this network was trained without labels and cannot be asked for a class"
                     : "class " + std::to_string(label) + " does not exist, expected 0 to " +
                           std::to_string(classes - 1));
  }
}

at::Tensor OfClass::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const at::Tensor labels = at::full({z.size(0)}, label_, z.options().dtype(at::kLong));
  return network_.evaluate(z, gamma, {.labels = labels}).eps;
}

}  // namespace stochflow::diffusion
