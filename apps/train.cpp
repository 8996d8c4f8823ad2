// `stochflow train`: networks, each by a subcommand of its own in train/.

#include "train/train.hpp"

#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace stochflow::apps {

void add_train(CLI::App& app) {
  CLI::App* const train = app.add_subcommand("train", "Train a network");
  train->require_subcommand(1);
  add_train_mnist(*train);
  add_train_classifier(*train);
  add_train_palettes(*train);
}

}  // namespace stochflow::apps
