#include "stochflow/diffusion/train/trainer.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "check.hpp"
#include "checkpoint/palette_tensors.hpp"
#include "draws.hpp"
#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/deepen.hpp"
#include "stochflow/diffusion/nets/description.hpp"
#include "stochflow/diffusion/nets/unet.hpp"
#include "stochflow/noise/normal.hpp"

namespace stochflow::diffusion {
namespace {

const double bits = 1 / std::log(2.0);

constexpr const char* state_format = "stochflow training state 1";
constexpr const char* beside_weights = "palettes/";

std::string metadata(const TensorFile& content, const char* key) {
  const auto found = content.metadata.find(key);
  return found == content.metadata.end() ? std::string() : found->second;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& sentence) {
  throw std::runtime_error(file.string() + ": " + sentence);
}

// The sum along the aligned tree: 0 with 1, 2 with 3, then 0 with 2, ...
at::Tensor tree_sum(std::vector<at::Tensor> v) {
  for (std::size_t stride = 1; stride < v.size(); stride *= 2) {
    for (std::size_t i = 0; i + stride < v.size(); i += 2 * stride) v[i] = v[i] + v[i + stride];
  }
  return v.front();
}

double surprise_weight(const TrainSettings& s, std::int64_t step) {
  const double done = static_cast<double>(step) / (s.surprise_until * static_cast<double>(s.steps));
  return done >= 1 ? 0 : s.surprise * 0.5 * (1 + std::cos(M_PI * done));
}

}  // namespace

Trainer::Trainer(const ScoreNetworkConfig& network,
                 const TrainSettings& settings,
                 at::Tensor images,
                 at::Tensor labels)
    : config_(network),
      settings_(settings),
      images_(std::move(images)),
      labels_(std::move(labels)),
      network_(network) {
  detail::check_images(images_, {config_.image_channels, config_.height, config_.width}, settings_);
  if (settings_.parts < 1 || settings_.batch % settings_.parts != 0) {
    throw std::invalid_argument("the number of parts must divide the batch");
  }
  if (config_.classes > 0) detail::check_labels(labels_, images_, config_.classes);
  network_.initialise(settings_.seed);
  slots_ = optimiser_slots(network_.unet(), UNet::between_hidden_channels);
}

void Trainer::start_from(const ScoreNetwork& trained) {
  deepen(trained, network_, settings_.seed);
  const c10::NoGradGuard no_grad;
  for (auto& [name, slot] : slots_) slot.average.copy_(slot.weight);
}

void Trainer::share_parts(PartsOfRanks ranks) {
  const std::int64_t own = settings_.parts / ranks.ranks;
  // Alone, any number will do: there is no other tree to agree with.
  if (ranks.ranks > 1 && (own * ranks.ranks != settings_.parts || (own & (own - 1)) != 0)) {
    throw std::invalid_argument(std::to_string(settings_.parts) + " parts for " +
                                std::to_string(ranks.ranks) +
                                " ranks: the parts of a rank must be 1, 2, 4, 8, ...");
  }
  ranks_ = std::move(ranks);
}

double Trainer::epochs_seen() const {
  return static_cast<double>(step_ * settings_.batch) / static_cast<double>(images_.size(0));
}

// The labels of these images, one in `unlabelled` withheld: the same network then also is the
// unconditional one (Ho and Salimans 2022, algorithm 1).
at::Tensor Trainer::labels_of(const at::Tensor& images,
                              std::int64_t first,
                              std::uint64_t key) const {
  if (config_.classes == 0) return {};
  const at::Tensor labels = labels_.index_select(0, images).to(at::kLong);
  const RandomStream stream(settings_.seed, Purpose::withheld_label);
  auto* const to = labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    const double u = uniform_pair(stream, static_cast<std::uint64_t>(first + i), key, 0)[0];
    if (u < settings_.unlabelled) to[i] = config_.classes;
  }
  return labels;
}

// Loss and gradients of the rows [first, first + rows) of the step's batch, already divided by the
// whole batch, so that the parts simply add up.
at::Tensor Trainer::run_part(const BatchDraw& draw, std::int64_t first, std::int64_t rows) const {
  const auto key = static_cast<std::uint64_t>(step_);
  const auto own = [&](const at::Tensor& t) { return t.narrow(0, first, rows); };
  const at::Tensor rows_of = own(draw.indices).contiguous();
  const SampleIds images(rows_of.data_ptr<std::int64_t>(), rows_of.data_ptr<std::int64_t>() + rows);
  const at::Tensor x =
      detail::dequantised_draw(images_.index_select(0, rows_of), settings_.seed, images, key);
  const at::Tensor noise = normals(RandomStream(settings_.seed, Purpose::training_noise),
                                   sample_range(static_cast<std::uint64_t>(first), rows),
                                   key,
                                   x);
  const at::Tensor gamma = own(draw.levels.gamma).to(at::kFloat);
  const FrameLevels at_gamma = frame_levels(gamma, x);  // of the network's own rounding of gamma
  const at::Tensor z = at_gamma.alpha * x + at_gamma.sigma * noise;
  const double surprise = surprise_weight(settings_, step_);
  const at::Tensor clean =
      surprise > 0 && config_.head == Head::mixture_posterior ? x : at::Tensor();
  const MixtureOutput out = network_.evaluate(z,
                                              gamma,
                                              {.x = clean,
                                               .labels = labels_of(rows_of, first, key),
                                               .mixed_precision = settings_.mixed_precision});
  const at::Tensor weight = own(draw.levels.weight).to(at::kFloat);
  const double values = static_cast<double>(x.numel() / rows * settings_.batch);
  const at::Tensor error = (noise - out.eps).square().flatten(1).sum(1);
  const at::Tensor bound =
      (weight * error).sum() * (0.5 * (config_.gamma_max - config_.gamma_min) * bits / values);
  at::Tensor loss = bound;
  if (!settings_.slice_weights.empty()) {
    const at::Tensor by_slice =
        slice_values(settings_.slice_weights, gamma, config_.gamma_min, config_.gamma_max);
    loss = (weight * by_slice.to(at::kFloat) * error).sum() *
           (0.5 * (config_.gamma_max - config_.gamma_min) * bits / values);
  }
  if (clean.defined()) loss = loss + (weight * out.surprise).sum() * (surprise * bits / values);

  const std::vector<at::Tensor> weights = weights_of(slots_);
  auto gradients = torch::autograd::grad({loss}, weights, {}, false, false, true);
  const c10::NoGradGuard no_grad;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    gradients[i] =
        gradients[i].defined() ? gradients[i].flatten() : at::zeros_like(weights[i]).flatten();
  }
  gradients.push_back(bound.detach().reshape({1}));
  return at::cat(gradients);
}

StepReport Trainer::step() {
  const TrainSettings& s = settings_;
  const double u = uniform_pair(
      RandomStream(s.seed, Purpose::training_time), 0, static_cast<std::uint64_t>(step_), 0)[0];
  const BatchDraw draw{
      batch_indices(s.seed, step_, s.batch, images_.size(0)),
      draw_noise_levels(config_.gamma_min, config_.gamma_max, s.gamma_slices, s.batch, u)};
  const std::int64_t rows = s.batch / s.parts, own = s.parts / ranks_.ranks,
                     first = ranks_.rank * own;
  std::vector<std::future<at::Tensor>> running;
  for (std::int64_t k = first + 1; k < first + own; ++k) {
    running.push_back(std::async(
        std::launch::async, [this, &draw, k, rows] { return run_part(draw, k * rows, rows); }));
  }
  std::vector<at::Tensor> parts{run_part(draw, first * rows, rows)};
  for (auto& part : running) parts.push_back(part.get());

  const c10::NoGradGuard no_grad;
  at::Tensor sum = tree_sum(std::move(parts));
  if (ranks_.ranks > 1) ranks_.sum(sum);
  std::vector<at::Tensor> gradients;
  std::int64_t used = 0;
  for (const at::Tensor& w : weights_of(slots_)) {
    gradients.push_back(sum.narrow(0, used, w.numel()).view(w.sizes()));
    used += w.numel();
  }
  // What the Gaussian decoder adds: entropy of N(y, s^2) at gamma_min, prior KL left out (< 1e-3).
  const double value =
      0.5 * (std::log(2 * M_PI) + 1 + config_.gamma_min) * bits + 7 + sum[used].item<double>();
  const double norm = gradient_norm(gradients);
  if (!std::isfinite(value) || !std::isfinite(norm)) {
    throw std::runtime_error("training: the loss or its gradient is not finite after step " +
                             std::to_string(step_) + "; lower the learning rate");
  }
  optimiser_step(slots_, gradients, norm, s, step_);
  const double rate = learning_rate_at(s, step_++);
  return {step_, value, norm, rate};
}

ScoreNetwork Trainer::averaged() const {
  ScoreNetwork copy(config_);
  copy_averages(slots_, copy.unet());
  if (const auto palettes = network_.palettes()) copy.take_palettes(*palettes);
  return copy;
}

void Trainer::replan(std::int64_t steps) {
  if (steps < 1) throw std::invalid_argument("training needs at least one step");
  settings_.steps = steps;
}

void Trainer::save(const std::filesystem::path& file) const {
  TensorFile content;
  for (const auto& [name, slot] : slots_) {
    content.tensors["weight/" + name] = slot.weight;
    content.tensors["first/" + name] = slot.first;
    content.tensors["second/" + name] = slot.second;
    content.tensors["average/" + name] = slot.average;
  }
  content.metadata = {{"format", state_format},
                      {"step", std::to_string(step_)},
                      {"images", std::to_string(images_.size(0))},
                      {"network", to_json(config_)},
                      {"settings", to_json(settings_)}};
  if (const auto palettes = network_.palettes()) {
    detail::put_palettes(content, *palettes, beside_weights, at::kDouble);
  }
  write_tensors(file, content);
}

Trainer Trainer::load(const std::filesystem::path& file, at::Tensor images, at::Tensor labels) {
  const TensorFile content = read_tensors(file);
  if (metadata(content, "format") != state_format) {
    refuse(file, "not a training state of stochflow");
  }
  try {
    Trainer trainer(network_config_from_json(metadata(content, "network")),
                    train_settings_from_json(metadata(content, "settings")),
                    std::move(images),
                    std::move(labels));
    trainer.resume(file);
    return trainer;
  } catch (const std::invalid_argument& error) {
    refuse(file, error.what());
  }
}

void Trainer::resume(const std::filesystem::path& file) {
  const TensorFile content = read_tensors(file);
  const auto text = [&](const char* key) { return metadata(content, key); };
  if (text("format") != state_format) refuse(file, "not a training state of stochflow");
  if (to_json(network_config_from_json(text("network"))) != to_json(config_)) {
    refuse(file,
           "the state of another network: " + text("network") + ", expected " + to_json(config_));
  }
  if (to_json(train_settings_from_json(text("settings"))) != to_json(settings_) ||
      text("images") != std::to_string(images_.size(0))) {
    refuse(file,
           "the run was started with other settings: " + text("settings") + " on " +
               text("images") + " images, expected " + to_json(settings_) + " on " +
               std::to_string(images_.size(0)));
  }
  std::int64_t step = -1;
  try {
    step = std::stoll(text("step"));
  } catch (const std::exception&) {
  }
  if (step < 0) refuse(file, "does not say which step it was saved at");
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  for (auto& [name, slot] : slots_) {
    const std::pair<const char*, at::Tensor> all[] = {{"weight/", slot.weight},
                                                      {"first/", slot.first},
                                                      {"second/", slot.second},
                                                      {"average/", slot.average}};
    for (const auto& [kind, tensor] : all) {
      const auto found = content.tensors.find(kind + name);
      if (found == content.tensors.end() || found->second.sizes() != tensor.sizes()) {
        refuse(file, "tensor " + (kind + name) + " is missing or of another shape");
      }
      copies.emplace_back(tensor, found->second);
    }
  }
  try {
    const auto palettes = detail::palettes_in(content, beside_weights);
    if (palettes) network_.take_palettes(*palettes);
  } catch (const std::invalid_argument& error) {
    refuse(file, error.what());
  }
  const c10::NoGradGuard no_grad;
  for (auto& [to, from] : copies) to.copy_(from);
  step_ = step;
}

}  // namespace stochflow::diffusion
