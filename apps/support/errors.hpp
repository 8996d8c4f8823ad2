#pragma once

// The two ways in which a command ends badly. A mistake in the command line (unknown name, value
// out of range) is a UsageError and leads to exit code 2; everything else is a plain std::exception
// and leads to exit code 1.

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stochflow::apps {

struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// "a, b, c": how every message lists the valid names.
inline std::string join(std::span<const std::string> names, std::string_view separator = ", ") {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

/// The error for a name that is none of `valid`: `unknown_name("model", "gmb", {"gbm", "ou"})` says
/// "unknown model 'gmb'; the valid ones are: gbm, ou".
inline UsageError unknown_name(std::string_view kind,
                               std::string_view found,
                               const std::vector<std::string>& valid) {
  return UsageError("unknown " + std::string(kind) + " '" + std::string(found) +
                    "'; the valid ones are: " + join(valid));
}

}  // namespace stochflow::apps
