// The program behind a table of docs/comparison.md; the part between the marks is shown there.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <iomanip>
#include <iostream>

#include "stochflow/diffusion/runtime.hpp"
#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score/exact.hpp"
#include "stochflow/diffusion/tensor/noise.hpp"
#include "stochflow/diffusion/train/objectives.hpp"
#include "stochflow/diffusion/train/optimiser.hpp"
using namespace stochflow;
using namespace stochflow::diffusion;

// Two hidden layers of 48; what it says of the noise is a correction of z itself.
struct Mlp final : torch::nn::Module, NoisePredictor {
  Mlp() {
    const RandomStream stream(7, Purpose::initial_weights);
    const std::vector<std::int64_t> sizes{2, 48, 48, 2};
    for (std::size_t k = 0; k < 3; ++k) {
      const at::Tensor like = at::empty({sizes[k + 1], sizes[k]}, at::kDouble);
      const at::Tensor w = normals(stream, sample_range(100 * k, sizes[k + 1]), 0, like);
      weight[k] = register_parameter("weight" + std::to_string(k),
                                     w / std::sqrt(static_cast<double>(sizes[k])));
      bias[k] =
          register_parameter("bias" + std::to_string(k), at::zeros({sizes[k + 1]}, at::kDouble));
    }
  }
  at::Tensor eps(const at::Tensor& z, const at::Tensor&) const override {
    const at::Tensor h = at::tanh(at::linear(3 * z, weight[0], bias[0]));
    return z + at::linear(at::tanh(at::linear(h, weight[1], bias[1])), weight[2], bias[2]);
  }
  at::Tensor weight[3], bias[3];
};

// Three blobs of width 0.1: their score at a noise level is known, so that an error can be told.
const at::Tensor centres = at::tensor({-1.0, 0.0, 1.0, 0.0, 0.0, 1.2}, at::kDouble).view({3, 2});

at::Tensor gaussian(Purpose purpose, std::int64_t n, std::int64_t step) {
  return normals(RandomStream(1, purpose),
                 sample_range(0, n),
                 static_cast<std::uint64_t>(step),
                 at::empty({n, 2}, at::kDouble));
}
at::Tensor data(std::int64_t n, std::int64_t step) {
  const at::Tensor u = uniforms(RandomStream(1, Purpose::shuffle),
                                sample_range(0, n),
                                static_cast<std::uint64_t>(step),
                                at::empty({n}, at::kDouble));
  return centres.index_select(0, (3 * u).to(at::kLong)) +
         0.1 * gaussian(Purpose::dequantisation, n, step);
}

int main() {
  tune_process(1);
  const MixtureScore exact(at::ones({3}, at::kDouble), centres, at::full({3}, 0.01, at::kDouble));
  const Schedule schedule = ve(0.01, 10);
  constexpr std::int64_t batch = 256, test = 10000;
  const TrainSettings settings{
      .steps = 1000, .learning_rate = 5e-3, .warm_up = 50, .average = 0.99};
  std::cout << "sigma   denoising   sliced   sliced, reduced\n" << std::fixed;
  for (const double sigma : {0.5, 0.1, 0.02}) {
    const double t = schedule.time_of(2 * std::log(sigma));
    const Level level = schedule.at(t);
    // [snippet]
    // Of the score, weighted by sigma^2; each up to a constant of its own.
    const auto denoising = [&](const Mlp& model, std::int64_t step) {
      return denoising_loss(model,
                            schedule,
                            data(batch, step),
                            at::full({batch}, t, at::kDouble),
                            gaussian(Purpose::training_noise, batch, step));
    };
    const auto sliced = [&](Slicing slicing) {
      return [&, slicing](const Mlp& model, std::int64_t step) {
        const at::Tensor x =
            data(batch, step) + sigma * gaussian(Purpose::training_noise, batch, step);
        const at::Tensor v = at::sign(gaussian(Purpose::probe, batch, step));
        return sigma * sigma * sliced_loss(model, level, x, v, slicing);
      };
    };
    // [/snippet]
    const auto error_after_training = [&](const auto& loss) {
      Mlp model;
      auto slots = optimiser_slots(model);
      for (std::int64_t step = 0; step < settings.steps; ++step) {
        const auto gradients = torch::autograd::grad({loss(model, step).mean()}, weights_of(slots));
        optimiser_step(slots, gradients, gradient_norm(gradients), settings, step);
      }
      copy_averages(slots, model);
      const at::Tensor x = data(test, -1) + sigma * gaussian(Purpose::training_noise, test, -1);
      const at::Tensor z = x / level.scale(), gamma = at::full({test}, level.gamma, at::kDouble);
      const at::Tensor truth = exact.eps(z, gamma);
      return ((model.eps(z, gamma) - truth).square().sum() / truth.square().sum()).item<double>();
    };
    std::cout << std::setprecision(2) << sigma << std::setprecision(4) << std::setw(13)
              << error_after_training(denoising) << std::setw(9)
              << error_after_training(sliced(Slicing::plain)) << std::setw(12)
              << error_after_training(sliced(Slicing::reduced)) << std::endl;
  }
}
