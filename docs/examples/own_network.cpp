// A network of one's own, in one of the usual dialects.
// [snippet]
#include <ATen/ATen.h>

#include <iostream>

#include "stochflow/diffusion/samplers/ode.hpp"
#include "stochflow/diffusion/score.hpp"
using namespace stochflow::diffusion;

int main() {
  // A denoiser D(x, sigma) as Karras et al. train it. This one is exact, for the tosses of a coin
  // that shows -1 or 1; yours calls the forward of a torch::nn::Module.
  const Network denoiser = [](const at::Tensor& x, const at::Tensor& sigma) {
    return at::tanh(x / per_sample(sigma * sigma, x));
  };
  const auto model =
      from_network(denoiser, Parametrisation::edm_denoiser, NoiseLabel::sigma, edm());

  // Sampled under another schedule than it was trained for: every model fits every schedule.
  const Draw draw{.seed = 1, .ids = sample_range(0, 1000), .shape = {1}, .options = at::kDouble};
  const Samples tosses = sample_ode(*model, vp(), draw, {.rtol = 1e-5, .atol = 1e-5});
  std::cout << "heads " << (tosses.x > 0).sum().item<int>() << " of 1000, each "
            << tosses.x.abs().mean().item<double>() << '\n';
}
// [/snippet]
