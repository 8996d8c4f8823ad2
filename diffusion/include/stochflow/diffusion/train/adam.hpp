#pragma once

// Adam with a running average of the weights, on named parameters whose moments can be saved.
// Source: Kingma and Ba 2015, algorithm 1.

#include <torch/nn/module.h>

#include <map>
#include <string>
#include <vector>

#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::diffusion {

struct AdamSlot {
  at::Tensor weight, first, second, average;  // weight is the module's own
};
using AdamSlots = std::map<std::string, AdamSlot>;

/// One slot a parameter, moments zero, averages as the weights are.
AdamSlots adam_slots(const torch::nn::Module& module);

/// The weights in the order in which `adam_update` expects their gradients.
std::vector<at::Tensor> weights_of(const AdamSlots& slots);

/// Euclidean norm over all of them; undefined ones count as zero.
double gradient_norm(const std::vector<at::Tensor>& gradients);

/// Step `step` (0-based) at the learning rate of the settings, the gradients of this norm clipped.
void adam_update(AdamSlots& slots,
                 const std::vector<at::Tensor>& gradients,
                 double norm,
                 const TrainSettings& settings,
                 std::int64_t step);

/// Copies the averages into the parameters of another module of the same kind, which then want no
/// gradients.
void copy_averages(const AdamSlots& slots, torch::nn::Module& to);

}  // namespace stochflow::diffusion
