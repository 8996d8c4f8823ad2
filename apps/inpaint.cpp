// `stochflow inpaint`: digits of which a part was seen.

#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "commands.hpp"
#include "restore/restore.hpp"

namespace stochflow::apps {
namespace {

using Mask = at::Tensor (*)();

at::Tensor nothing() { return at::zeros({1, 28, 28}, at::kDouble); }

at::Tensor upper_half() {
  at::Tensor known = nothing();
  known.slice(1, 0, 14).fill_(1);
  return known;
}

at::Tensor left_half() {
  at::Tensor known = nothing();
  known.slice(2, 0, 14).fill_(1);
  return known;
}

at::Tensor all_but_the_middle() {
  at::Tensor known = at::ones({1, 28, 28}, at::kDouble);
  known.slice(1, 8, 20).slice(2, 8, 20).fill_(0);
  return known;
}

at::Tensor every_third_row() {
  at::Tensor known = nothing();
  known.slice(1, 0, 28, 3).fill_(1);
  return known;
}

const std::map<std::string, Mask>& masks() {
  static const std::map<std::string, Mask> all{{"frame", all_but_the_middle},
                                               {"left", left_half},
                                               {"rows", every_third_row},
                                               {"upper", upper_half}};
  return all;
}

std::vector<std::string> mask_names() {
  std::vector<std::string> names;
  for (const auto& entry : masks()) names.push_back(entry.first);
  return names;
}

}  // namespace

void add_inpaint(CLI::App& app) {
  CLI::App* command = app.add_subcommand("inpaint", "Complete digits of which a part is known");
  auto seen = std::make_shared<std::string>("upper");
  command->add_option("--seen", *seen, "What is known: " + join(mask_names()))
      ->capture_default_str();
  add_restore_options(*command, [seen]() -> Restoration {
    const auto found = masks().find(*seen);
    if (found == masks().end()) throw unknown_name("mask", *seen, mask_names());
    const at::Tensor known = found->second();
    // Unknown pixels are shown in mid grey.
    return {.A = diffusion::known_pixels(known),
            .picture = [](const at::Tensor& y) { return y; },
            .known = known};
  });
}

}  // namespace stochflow::apps
