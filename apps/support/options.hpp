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

/// A finite number that `fits`, which is called `kind` ("a positive number").
inline CLI::Validator number_that(const std::string& kind, bool (*fits)(double)) {
  const auto check = [kind, fits](std::string& text) -> std::string {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (!text.empty() && *end == '\0' && std::isfinite(value) && fits(value)) return {};
    return "expected " + kind + ", found '" + text + "'";
  };
  return CLI::Validator(check, "");
}

/// For tolerances and times.
inline CLI::Validator positive_number() {
  return number_that("a positive number", [](double value) { return value > 0; });
}

/// For strengths that may be off.
inline CLI::Validator number_not_negative() {
  return number_that("a number that is not negative", [](double value) { return value >= 0; });
}

}  // namespace stochflow::apps
