#pragma once

// FIRST:LAST on the command line, the last not included, as in --images 0:500.

#include <cstdint>
#include <string>

#include "support/errors.hpp"

namespace stochflow::apps {

struct Range {
  std::int64_t first = 0, last = 0;
};

/// Throws UsageError unless 0 <= FIRST < LAST.
inline Range range_of(const std::string& option, const std::string& text) {
  const std::size_t colon = text.find(':');
  const bool digits = text.find_first_not_of("0123456789:") == std::string::npos;
  const bool sound = digits && colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
                     text.size() < 20 && text.find(':', colon + 1) == std::string::npos;
  if (!sound) throw UsageError(option + " expects FIRST:LAST, found '" + text + "'");
  const Range range{std::stoll(text.substr(0, colon)), std::stoll(text.substr(colon + 1))};
  if (range.last <= range.first) {
    throw UsageError(option + " expects FIRST:LAST with FIRST < LAST, found " + text);
  }
  return range;
}

}  // namespace stochflow::apps
