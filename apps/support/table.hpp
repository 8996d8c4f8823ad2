#pragma once

// A table for the terminal: columns as wide as their widest cell, numbers to the right.

#include <ostream>
#include <string>
#include <vector>

namespace stochflow::apps {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows = {};
};

std::ostream& operator<<(std::ostream& out, const Table& table);

/// A number with `digits` after the point ("nan" stays readable as "-").
std::string fixed(double value, int digits);
/// A number with `digits` significant digits.
std::string significant(double value, int digits);

}  // namespace stochflow::apps
