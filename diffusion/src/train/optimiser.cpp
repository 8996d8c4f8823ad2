#include "stochflow/diffusion/train/optimiser.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>

#include "stochflow/diffusion/train/muon.hpp"

namespace stochflow::diffusion {

OptimiserSlots optimiser_slots(const torch::nn::Module& module,
                               const std::function<bool(const std::string&)>& hidden) {
  OptimiserSlots slots;
  for (const auto& item : module.named_parameters()) {
    const at::Tensor& w = item.value();
    slots[item.key()] = {.weight = w,
                         .first = at::zeros_like(w),
                         .second = at::zeros_like(w),
                         .average = w.detach().clone(),
                         .hidden = hidden && hidden(item.key())};
  }
  return slots;
}

std::vector<at::Tensor> weights_of(const OptimiserSlots& slots) {
  std::vector<at::Tensor> weights;
  for (const auto& [name, slot] : slots) weights.push_back(slot.weight);
  return weights;
}

double gradient_norm(const std::vector<at::Tensor>& gradients) {
  double squares = 0;
  for (const at::Tensor& g : gradients) {
    if (g.defined()) squares += g.to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(squares);
}

void optimiser_step(OptimiserSlots& slots,
                    const std::vector<at::Tensor>& gradients,
                    double norm,
                    const TrainSettings& s,
                    std::int64_t step) {
  const double shrink = s.clip > 0 && norm > s.clip ? s.clip / norm : 1;
  const double rate = learning_rate_at(s, step);
  const double n = static_cast<double>(step + 1);
  const double correct1 = 1 - std::pow(s.beta1, n), correct2 = 1 - std::pow(s.beta2, n);
  const double average = std::min(s.average, (1 + n) / (10 + n));
  const auto update = [&](OptimiserSlot& slot, const at::Tensor& g) {
    if (g.defined() && slot.hidden && s.optimiser == Optimiser::muon) {
      slot.first.lerp_(g * shrink, 1 - s.momentum);
      // Nesterov's momentum: the next one, as far as this gradient tells.
      slot.weight.add_(muon_direction(at::lerp(g * shrink, slot.first, s.momentum)), -rate);
    } else if (g.defined()) {
      slot.first.mul_(s.beta1).add_(g, (1 - s.beta1) * shrink);
      slot.second.mul_(s.beta2).addcmul_(g, g, (1 - s.beta2) * shrink * shrink);
      const at::Tensor scale = (slot.second.sqrt() / std::sqrt(correct2)).add_(s.epsilon);
      slot.weight.addcdiv_(slot.first, scale, -rate / correct1);
    }
    slot.average.lerp_(slot.weight, 1 - average);
  };
  // Slots know nothing of each other, so as many threads as took parts of the batch share them.
  std::vector<OptimiserSlot*> all;
  for (auto& [name, slot] : slots) all.push_back(&slot);
  std::atomic<std::size_t> next = 0;
  const auto update_some = [&] {
    const c10::NoGradGuard no_grad;  // of this thread
    for (std::size_t i = next++; i < all.size(); i = next++) update(*all[i], gradients[i]);
  };
  std::vector<std::future<void>> others;
  for (std::int64_t k = 1; k < s.parts; ++k) {
    others.push_back(std::async(std::launch::async, update_some));
  }
  update_some();
  for (auto& other : others) other.get();
}

void copy_averages(const OptimiserSlots& slots, torch::nn::Module& to) {
  const c10::NoGradGuard no_grad;
  for (auto& item : to.named_parameters()) {
    item.value().copy_(slots.at(item.key()).average);
    item.value().requires_grad_(false);
  }
}

}  // namespace stochflow::diffusion
