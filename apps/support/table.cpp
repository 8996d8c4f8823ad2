#include "support/table.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

namespace stochflow::apps {
namespace {

bool looks_like_a_number(const std::string& cell) {
  return !cell.empty() && (std::isdigit(static_cast<unsigned char>(cell[0])) || cell[0] == '-' ||
                           cell[0] == '+' || cell[0] == '[');
}

std::string print(const char* format, int digits, double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "-" : value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

void put_row(std::ostream& out,
             const std::vector<std::string>& cells,
             const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const std::string padding(widths[k] - cells[k].size(), ' ');
    if (k) line += "  ";
    line += looks_like_a_number(cells[k]) ? padding + cells[k] : cells[k] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Table& table) {
  std::vector<std::size_t> widths(table.header.size(), 0);
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t k = 0; k < cells.size(); ++k) widths[k] = std::max(widths[k], cells[k].size());
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  put_row(out, table.header, widths);
  std::vector<std::string> rule;
  for (const std::size_t width : widths) rule.push_back(std::string(width, '='));
  put_row(out, rule, widths);
  for (const auto& row : table.rows) put_row(out, row, widths);
  return out;
}

std::string fixed(double value, int digits) { return print("%.*f", digits, value); }
std::string significant(double value, int digits) { return print("%.*g", digits, value); }

}  // namespace stochflow::apps
