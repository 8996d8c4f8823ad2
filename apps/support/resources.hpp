#pragma once

// The files that come with the program: the shipped checkpoint and the embedded MNIST images.

#include <filesystem>
#include <string>

namespace stochflow::apps {

/// resource("pretrained/mnist.safetensors"): looked for in the folder $STOCHFLOW_SHARE, in
/// share/stochflow beside the installed program, and in the source tree it was built from, in this
/// order. Throws std::runtime_error when it is in none of them.
std::filesystem::path resource(const std::string& name);

/// What an option that takes a network means: a file; or, where there is none of that name, one of
/// the networks that come with the program ("mnist-classes" for
/// pretrained/mnist-classes.safetensors); or pretrained/STANDARD when it is empty. Throws
/// UsageError for a bare name that is none of these.
std::filesystem::path or_shipped(const std::filesystem::path& file, const std::string& standard);

}  // namespace stochflow::apps
