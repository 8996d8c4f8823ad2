#pragma once

// A network trained in Python, as a TorchScript file. In Python, with a batch as example:
//
//   torch.jit.trace(network.eval(), (x, label)).save("network.ts")     (or torch.jit.script)
//
// Here, saying what the network returns and how it is told the noise level (score.hpp):
//
//   from_network(load_torchscript("network.ts"), Parametrisation::eps, NoiseLabel::t_999, vp())
//
// or all of it at once, where the file says it itself:
//
//   const ImportedNetwork network = import_network("network.ts");
//
// Then a JSON text is looked for, network.json next to the file or else the extra file
// "stochflow.json" inside it (torch.jit.save(..., _extra_files=...)); docs/examples/
// export_network.py writes it. Its keys:
//
//   schedule         a name of schedule_by_name, or {"name": "vp", "beta_max": 20},
//                    {"betas": [...]} or {"sigmas": [...]} for a discrete chain
//   parametrisation  score, eps, x0, v, velocity, edm-denoiser
//   label            t, 999t, sigma, log-sigma/4, log-snr
//   shape            of one sample: [1, 28, 28]
//   data_range       its values of black and white, [-1, 1] when absent
//   times            the ends of the training in the schedule's t; the schedule's when absent
//   dtype            float32 (when absent) or float64
//   golden           {"x", "label", "v", "value", "gradient"}: inputs of a few rows, forward(x,
//                    label), and the gradient of sum(v forward(x, label)) in x, all as flat lists
//   comment          anything
//
// Traced, scripted and frozen modules work, gradients with respect to the input included. A module
// that went through optimize_for_inference does not load. A trace repeats the example's control
// flow: a network that looks at its batch size must be scripted.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion {

/// The module's forward(x, label): x [B, ...] and label [B] of one floating-point type on `device`,
/// a tensor like x returned. The module is put into evaluation mode, and its calls run without the
/// profiling executor, whose first calls give other bits than the later ones.
/// Throws std::runtime_error when the file is not a TorchScript module, forward does not take two
/// arguments, or c10::InferenceMode is active (the weights would never carry a gradient); calling
/// the network throws it when the result is not a tensor like x, or carries no gradient though x
/// asks for one.
Network load_torchscript(const std::filesystem::path& file, const at::Device& device = at::kCPU);

struct ImportedNetwork {
  std::shared_ptr<NoisePredictor> model;  // for data on [-1, 1], whatever the network's own range
  NetworkDescription description;         // noise levels in the same units
  /// How far values and gradients are from the golden ones, relative to the largest; not a number
  /// when the file has none.
  double golden_error = 0;
};

/// Loads a network with its description and tries it: golden vectors to 1e-4, the same answers for
/// rows alone and together and at every call, finite values, and a gradient. Throws
/// std::runtime_error, with the reason in a sentence, otherwise.
ImportedNetwork import_network(const std::filesystem::path& file,
                               const at::Device& device = at::kCPU);

/// `model` for data in [low, high] as a model for data in [-1, 1].
std::shared_ptr<NoisePredictor> in_unit_range(std::shared_ptr<NoisePredictor> model,
                                              double low,
                                              double high);

}  // namespace stochflow::diffusion
