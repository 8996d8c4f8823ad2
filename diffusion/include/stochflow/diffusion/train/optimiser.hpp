#pragma once

// One step of an optimiser with a running average of the weights, on named parameters whose state
// can be saved: Adam, or Muon for the weights between hidden channels and Adam for the rest.
// Sources: Kingma and Ba 2015, algorithm 1; for Muon see muon.hpp.

#include <torch/nn/module.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stochflow/diffusion/train/plan.hpp"

namespace stochflow::diffusion {

struct OptimiserSlot {
  at::Tensor weight;         // the module's own
  at::Tensor first, second;  // moments of the gradient; Muon keeps only the first
  at::Tensor average;
  bool hidden = false;  // between hidden channels
};
using OptimiserSlots = std::map<std::string, OptimiserSlot>;

/// One slot a parameter, moments zero, averages as the weights are. `hidden` says of a parameter's
/// name whether it is a weight between hidden channels; without it, none is.
OptimiserSlots optimiser_slots(const torch::nn::Module& module,
                               const std::function<bool(const std::string&)>& hidden = {});

/// The weights in the order in which `optimiser_step` expects their gradients.
std::vector<at::Tensor> weights_of(const OptimiserSlots& slots);

/// Euclidean norm over all of them; undefined ones count as zero.
double gradient_norm(const std::vector<at::Tensor>& gradients);

/// Step `step` (0-based) at the learning rate of the settings, the gradients of this norm clipped.
void optimiser_step(OptimiserSlots& slots,
                    const std::vector<at::Tensor>& gradients,
                    double norm,
                    const TrainSettings& settings,
                    std::int64_t step);

/// Copies the averages into the parameters of another module of the same kind, which then want no
/// gradients.
void copy_averages(const OptimiserSlots& slots, torch::nn::Module& to);

}  // namespace stochflow::diffusion
