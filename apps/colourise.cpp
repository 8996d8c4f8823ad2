// `stochflow colourise`: grey digits in colours they may have had.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "restore/restore.hpp"
#include "stochflow/diffusion/data/coloured.hpp"

namespace stochflow::apps {
namespace {

// All pixels of a digit have one hue, which its grey image does not tell: so should the samples.
std::vector<Finding> hues_found(const at::Tensor& samples) {
  const diffusion::HuesFound found = diffusion::hues_of(samples);
  const at::Tensor east = found.hue.cos().mean(), north = found.hue.sin().mean();
  return {{"agreement of the hues of a digit's pixels (1: one hue)",
           "hue_agreement",
           found.agreement.mean().item<double>()},
          {"mean direction of all samples' hues (0: none is preferred)",
           "hue_preference",
           (east.square() + north.square()).sqrt().item<double>()}};
}

}  // namespace

void add_colourise(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("colourise", "Colour grey digits as they may have been coloured");
  add_restore_options(*command, []() -> Restoration {
    return {.A = diffusion::mean_of_channels(3),
            .picture =
                [](const at::Tensor& y) {
                  return y.repeat({1, 3, 1, 1});
                },
            .known = at::tensor({1.0, 0.0, 0.0}).view({3, 1, 1}),
            .decoupled = true,
            .network = "mnist-colours.safetensors",
            .original = diffusion::coloured,
            .findings = hues_found};
  });
}

}  // namespace stochflow::apps
