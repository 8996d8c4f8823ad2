#include "stochflow/diffusion/score/exact.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <string>

#include "stochflow/diffusion/score.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

void require(bool holds, const std::string& sentence) {
  if (!holds) throw std::invalid_argument(sentence);
}

std::string shape_text(const at::Tensor& x) {
  std::ostringstream text;
  text << x.sizes();
  return text.str();
}

/// Values on another device than the host ('meta' among them) are taken on trust.
bool all_positive(const at::Tensor& x) {
  return !x.device().is_cpu() || (x > 0).all().item<bool>();
}

at::Tensor like(const at::Tensor& parameter, const at::Tensor& z) {
  return parameter.to(z.options());
}

void check_batch(const char* who, const at::Tensor& z, const std::vector<std::int64_t>& shape) {
  if (z.dim() < 1 || z.sizes().slice(1) != at::IntArrayRef(shape)) {
    std::ostringstream text;
    text << who << ": expected a batch of samples of shape " << at::IntArrayRef(shape)
         << ", found a tensor of shape " << z.sizes();
    throw std::invalid_argument(text.str());
  }
}

const double log_two_pi = std::log(2 * std::numbers::pi);

}  // namespace

at::Tensor log_density_at(const ExactModel& model, const at::Tensor& x, const Level& level) {
  const double dimension = static_cast<double>(x.numel() / x.size(0));
  return model.log_density((1 / level.scale()) * x, one_level(level.gamma, x)) -
         dimension * std::log(level.scale());
}

GaussianScore::GaussianScore(const at::Tensor& mean, const at::Tensor& spread)
    : shape_(mean.sizes().vec()), mean_(mean.to(at::kDouble).reshape({-1})) {
  const bool diagonal = spread.sizes() == mean.sizes();
  const bool full = mean.dim() == 1 && spread.dim() == 2 && spread.size(0) == mean.size(0) &&
                    spread.size(1) == mean.size(0);
  require(diagonal || full,
          "GaussianScore: expected variances like the mean, or a covariance [D, D] for a mean [D], "
          "found a mean of shape " +
              shape_text(mean) + " and a spread of shape " + shape_text(spread));
  if (diagonal) {
    var_ = spread.to(at::kDouble).reshape({-1});
  } else {
    std::tie(var_, axes_) = at::linalg_eigh(spread.to(at::kDouble));
  }
  require(all_positive(var_),
          "GaussianScore: the variances must be positive (a covariance must be "
          "positive definite), and some are not");
}

at::Tensor GaussianScore::centred(const at::Tensor& z, const at::Tensor& gamma) const {
  check_batch("GaussianScore", z, shape_);
  const at::Tensor a = at::sigmoid(-like(gamma, z)).sqrt().unsqueeze(1);
  const at::Tensor r = z.flatten(1) - a * like(mean_, z);
  return axes_.defined() ? r.matmul(like(axes_, z)) : r;
}

at::Tensor GaussianScore::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const at::Tensor level = like(gamma, z);
  const at::Tensor a2 = at::sigmoid(-level).unsqueeze(1), s2 = at::sigmoid(level).unsqueeze(1);
  const at::Tensor e = s2.sqrt() * centred(z, gamma) / (a2 * like(var_, z) + s2);
  return (axes_.defined() ? e.matmul(like(axes_, z).t()) : e).view_as(z);
}

at::Tensor GaussianScore::log_density(const at::Tensor& z, const at::Tensor& gamma) const {
  const at::Tensor level = like(gamma, z);
  const at::Tensor a2 = at::sigmoid(-level).unsqueeze(1), s2 = at::sigmoid(level).unsqueeze(1);
  const at::Tensor v = a2 * like(var_, z) + s2;
  return -0.5 * (centred(z, gamma).square() / v + v.log() + log_two_pi).sum(1);
}

MixtureScore::MixtureScore(const at::Tensor& weights,
                           const at::Tensor& means,
                           const at::Tensor& variances) {
  require(weights.dim() == 1 && means.dim() >= 2 && means.size(0) == weights.size(0) &&
              (variances.sizes() == means.sizes() || variances.sizes() == weights.sizes()),
          "MixtureScore: expected weights [K], means [K, ...] and variances like either, found "
          "shapes " +
              shape_text(weights) + ", " + shape_text(means) + " and " + shape_text(variances));
  require(all_positive(weights) && all_positive(variances),
          "MixtureScore: weights and variances must be positive, and some are not");
  shape_ = means.sizes().slice(1).vec();
  log_weights_ = weights.to(at::kDouble).log().log_softmax(0);
  means_ = means.to(at::kDouble).flatten(1);
  vars_ = (variances.dim() == 1 ? variances.unsqueeze(1) : variances.flatten(1))
              .to(at::kDouble)
              .expand_as(means_)
              .contiguous();
}

struct MixtureScore::Terms {
  at::Tensor s;            // [B, 1]
  at::Tensor precision_r;  // [B, K, D]: (z - a m_k)/(a^2 c_k + s^2)
  at::Tensor log_joint;    // [B, K]: log w_k + log N_k(z)
};

MixtureScore::Terms MixtureScore::terms(const at::Tensor& z, const at::Tensor& gamma) const {
  check_batch("MixtureScore", z, shape_);
  const at::Tensor level = like(gamma, z);
  const at::Tensor a2 = at::sigmoid(-level).view({-1, 1, 1});
  const at::Tensor s2 = at::sigmoid(level).view({-1, 1, 1});
  const at::Tensor r = z.flatten(1).unsqueeze(1) - a2.sqrt() * like(means_, z);
  const at::Tensor v = a2 * like(vars_, z) + s2;
  const at::Tensor log_normal = -0.5 * (r.square() / v + v.log() + log_two_pi).sum(2);
  return {s2.sqrt().squeeze(2), r / v, like(log_weights_, z) + log_normal};
}

at::Tensor MixtureScore::eps(const at::Tensor& z, const at::Tensor& gamma) const {
  const Terms parts = terms(z, gamma);
  const at::Tensor responsibility = parts.log_joint.softmax(1).unsqueeze(2);
  return (parts.s * (responsibility * parts.precision_r).sum(1)).view_as(z);
}

at::Tensor MixtureScore::log_density(const at::Tensor& z, const at::Tensor& gamma) const {
  return terms(z, gamma).log_joint.logsumexp(1);
}

}  // namespace stochflow::diffusion
