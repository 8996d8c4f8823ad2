#pragma once

// Checks of option values that end in a readable sentence; CLI11's own print the largest double in
// full, and take -1 for an unsigned number.

#include <CLI/Validators.hpp>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

namespace stochflow::apps {

/// A whole number from `least` to `most`: for counts, seeds (least 0) and sizes.
inline CLI::Validator whole_number(std::int64_t least,
                                   std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
  const auto check = [least, most](std::string& text) -> std::string {
    char* end = nullptr;
    errno = 0;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (!text.empty() && *end == '\0' && errno == 0 && value >= least && value <= most) return {};
    std::string range = "of at least " + std::to_string(least);
    if (most != std::numeric_limits<std::int64_t>::max()) {
      range = "from " + std::to_string(least) + " to " + std::to_string(most);
    }
    return "expected a whole number " + range + ", found '" + text + "'";
  };
  return CLI::Validator(check, "");
}

/// A finite number above zero: for tolerances and times.
inline CLI::Validator positive_number() {
  const auto check = [](std::string& text) -> std::string {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (!text.empty() && *end == '\0' && std::isfinite(value) && value > 0) return {};
    return "expected a positive number, found '" + text + "'";
  };
  return CLI::Validator(check, "");
}

}  // namespace stochflow::apps
