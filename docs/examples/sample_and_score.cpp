// Digits from the shipped network, and how likely it finds four test images. Run it at the top of
// the repository.
// [snippet]
#include <iomanip>
#include <iostream>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/data/mnist.hpp"
#include "stochflow/diffusion/likelihood/dequantise.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"
#include "stochflow/diffusion/samplers/ode.hpp"
using namespace stochflow::diffusion;

int main() {
  const auto model = load_score_network("apps/pretrained/mnist.safetensors");
  const SampleIds ids = sample_range(0, 4);

  const Draw draw{.seed = 1, .ids = ids, .shape = {1, 28, 28}, .options = at::kFloat};
  const Samples digits = sample_ode(*model, restricted(vp(), -10, 5), draw, {1e-2, 1e-2});
  std::cout << digits.x.sizes() << " values, " << digits.outcome.ok() << '\n';

  const auto images = read_mnist("apps/data", MnistPart::test).images.slice(0, 0, 4);
  const at::Tensor x = dequantised(images, /*seed=*/1, ids);
  for (const auto& image :
       log_likelihood(*model, linear_log_snr(), x, ids, {.seed = 1, .batch = 4})) {
    std::cout << "image " << image.id << ": " << std::fixed << std::setprecision(1)
              << bits_per_dim(image.log_density, 28 * 28) << " bits/dim\n";
  }
}
// [/snippet]
