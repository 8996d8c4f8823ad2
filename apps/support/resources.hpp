#pragma once

// The files that come with the program: the shipped checkpoint and the embedded MNIST images.

#include <filesystem>
#include <string>

namespace stochflow::apps {

/// resource("pretrained/mnist.safetensors"): looked for in the folder $STOCHFLOW_SHARE, in
/// share/stochflow beside the installed program, and in the source tree it was built from, in this
/// order. Throws std::runtime_error when it is in none of them.
std::filesystem::path resource(const std::string& name);

}  // namespace stochflow::apps
