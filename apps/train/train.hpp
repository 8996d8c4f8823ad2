#pragma once

// The subcommands of `stochflow train`.

namespace CLI {
class App;
}

namespace stochflow::apps {

/// The score network behind sample, likelihood and the rest; with --classes, one that can be asked
/// for a digit.
void add_train_mnist(CLI::App& train);
/// A classifier of noisy images (guidance), or with --clean of images as they are (the judge of
/// samples).
void add_train_classifier(CLI::App& train);
/// Which grey levels occur together in an image.
void add_train_palettes(CLI::App& train);

}  // namespace stochflow::apps
