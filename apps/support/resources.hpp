#pragma once

// The files that come with the program: the shipped checkpoint and the embedded MNIST images.

#include <filesystem>
#include <string>

namespace stochflow::apps {

/// resource("pretrained/mnist.safetensors"): looked for in the folder $STOCHFLOW_SHARE, in
/// share/stochflow beside the installed program, and in the source tree it was built from, in this
/// order. Throws std::runtime_error when it is in none of them.
std::filesystem::path resource(const std::string& name);

/// `file` itself, or where none is named pretrained/NAME of what comes with the program.
inline std::filesystem::path or_shipped(const std::filesystem::path& file,
                                        const std::string& name) {
  return file.empty() ? resource("pretrained/" + name) : file;
}

}  // namespace stochflow::apps
