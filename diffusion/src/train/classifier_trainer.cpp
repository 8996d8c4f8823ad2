#include "stochflow/diffusion/train/classifier_trainer.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <stdexcept>

#include "check.hpp"
#include "draws.hpp"
#include "stochflow/diffusion/metrics/classify.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {

ClassifierTrainer::ClassifierTrainer(const ClassifierConfig& config,
                                     const TrainSettings& settings,
                                     at::Tensor images,
                                     at::Tensor labels)
    : settings_(settings),
      images_(std::move(images)),
      labels_(std::move(labels)),
      classifier_(config) {
  detail::check_images(images_, {config.image_channels, config.height, config.width}, settings_);
  detail::check_labels(labels_, images_, config.classes);
  classifier_.initialise(settings_.seed);
  slots_ = optimiser_slots(classifier_);
}

ClassifierTrainer::Report ClassifierTrainer::step() {
  const TrainSettings& s = settings_;
  const auto key = static_cast<std::uint64_t>(step_);
  const double u = uniform_pair(RandomStream(s.seed, Purpose::training_time), 0, key, 0)[0];
  const at::Tensor rows = batch_indices(s.seed, step_, s.batch, images_.size(0));
  const ClassifierConfig& config = classifier_.config();
  const at::Tensor gamma =
      draw_noise_levels(config.gamma_min, config.gamma_max, {}, s.batch, u).gamma;
  const at::Tensor z = detail::noised_draw(images_.index_select(0, rows),
                                           gamma,
                                           s.seed,
                                           sample_range(0, static_cast<std::int64_t>(s.batch)),
                                           key);
  const at::Tensor labels = labels_.index_select(0, rows).to(at::kLong);
  const at::Tensor logits = classifier_.evaluate(z, gamma.to(at::kFloat)).logits;
  const at::Tensor loss = at::nll_loss(at::log_softmax(logits, 1), labels);
  const auto gradients = torch::autograd::grad({loss}, weights_of(slots_), {}, false, false, true);
  const double value = loss.item<double>(), norm = gradient_norm(gradients);
  if (!std::isfinite(value) || !std::isfinite(norm)) {
    throw std::runtime_error("training: the loss or its gradient is not finite after step " +
                             std::to_string(step_) + "; lower the learning rate");
  }
  optimiser_step(slots_, gradients, norm, s, step_);
  ++step_;
  return {step_, value, accuracy(logits, labels)};
}

Classifier ClassifierTrainer::averaged() const {
  Classifier copy(classifier_.config());
  copy_averages(slots_, copy);
  return copy;
}

}  // namespace stochflow::diffusion
