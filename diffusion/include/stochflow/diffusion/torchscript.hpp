#pragma once

// A network trained in Python, as a TorchScript file. In Python, with a batch as example:
//
//   torch.jit.trace(network.eval(), (x, label)).save("network.ts")     (or torch.jit.script)
//
// Here, saying what the network returns and how it is told the noise level (score.hpp):
//
//   from_network(load_torchscript("network.ts"), Parametrisation::eps, NoiseLabel::t_999, vp())
//
// Traced, scripted and frozen modules work, gradients with respect to the input included. A module
// that went through optimize_for_inference does not load. A trace repeats the example's control
// flow: a network that looks at its batch size must be scripted.

#include <ATen/core/Tensor.h>

#include <filesystem>

#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion {

/// The module's forward(x, label): x [B, ...] and label [B] of one floating-point type on `device`,
/// a tensor like x returned. The module is put into evaluation mode, and its calls run without the
/// profiling executor, whose first calls give other bits than the later ones.
/// Throws std::runtime_error when the file is not a TorchScript module or forward does not take two
/// arguments; calling the network throws it when the result is not a tensor like x, or carries no
/// gradient though x asks for one.
Network load_torchscript(const std::filesystem::path& file, const at::Device& device = at::kCPU);

}  // namespace stochflow::diffusion
