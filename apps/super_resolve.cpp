// `stochflow super-resolve`: digits seen through coarse pixels, or through a blur.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "commands.hpp"
#include "restore/restore.hpp"
#include "support/options.hpp"

namespace stochflow::apps {

void add_super_resolve(CLI::App& app) {
  struct Optics {
    std::int64_t factor = 4;
    double blur = 0;
  };
  CLI::App* command =
      app.add_subcommand("super-resolve", "Sharpen digits seen through coarse pixels or a blur");
  auto optics = std::make_shared<Optics>();
  command->add_option("--factor", optics->factor, "Width of a coarse pixel: 1, 2, 4, 7 or 14")
      ->check(CLI::IsMember({1, 2, 4, 7, 14}))
      ->capture_default_str();
  command->add_option("--blur", optics->blur, "Instead: width of a Gaussian blur in pixels")
      ->check(positive_number());
  add_restore_options(*command, [optics]() -> Restoration {
    if (optics->blur > 0) {
      const auto radius = static_cast<std::int64_t>(std::ceil(3 * optics->blur));
      return {.A = diffusion::gaussian_blur(optics->blur, radius),
              .picture = [](const at::Tensor& y) { return y; }};
    }
    const std::int64_t factor = optics->factor;
    return {.A = diffusion::mean_of_squares(factor), .picture = [factor](const at::Tensor& y) {
              return y.repeat_interleave(factor, 2).repeat_interleave(factor, 3);
            }};
  });
}

}  // namespace stochflow::apps
