// A network of one's own, trained in Python and exported as TorchScript.
#include <torch/script.h>

#include <filesystem>

// Writes the file that the program below reads, as
//   torch.jit.script(denoiser).save("out/denoiser.ts")
// in Python would.
[[maybe_unused]] static const bool exported = [] {
  torch::jit::Module denoiser("denoiser");
  denoiser.define(
      "def forward(self, x, sigma):\n  return torch.tanh(x / (sigma * sigma).view(-1, 1))\n");
  std::filesystem::create_directories("out");
  denoiser.save("out/denoiser.ts");
  return true;
}();

// [snippet]
#include <ATen/ATen.h>

#include <iostream>

#include "stochflow/diffusion/samplers/ode.hpp"
#include "stochflow/diffusion/torchscript.hpp"
using namespace stochflow::diffusion;

int main() {
  // A denoiser D(x, sigma) as Karras et al. train it; this one is exact, for the tosses of a coin
  // that shows -1 or 1. In Python: torch.jit.script(denoiser).save("out/denoiser.ts")
  const Network denoiser = load_torchscript("out/denoiser.ts");
  const auto model =
      from_network(denoiser, Parametrisation::edm_denoiser, NoiseLabel::sigma, edm());

  // Sampled under another schedule than it was trained for: every model fits every schedule.
  const Draw draw{.seed = 1, .ids = sample_range(0, 1000), .shape = {1}, .options = at::kDouble};
  const Samples tosses = sample_ode(*model, vp(), draw, {.rtol = 1e-5, .atol = 1e-5});
  std::cout << "heads " << (tosses.x > 0).sum().item<int>() << " of 1000, each "
            << tosses.x.abs().mean().item<double>() << '\n';
}
// [/snippet]
