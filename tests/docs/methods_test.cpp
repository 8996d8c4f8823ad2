// docs/methods.md and the code agree: one row for each method, every cell what the method states.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

namespace fs = std::filesystem;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" `");
  const std::size_t last = text.find_last_not_of(" `");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// Cells of the table whose header begins with `first_column`, by the name in the first cell.
std::map<std::string, std::vector<std::string>> table(const std::string& first_column) {
  std::ifstream page(fs::path(STOCHFLOW_SOURCE) / "docs/methods.md");
  std::map<std::string, std::vector<std::string>> rows;
  std::string line;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line.rfind("| " + first_column, 0) == 0) {
      inside = true;
      continue;
    }
    if (line.empty() || line[0] != '|') inside = false;
    if (!inside || line.rfind("|--", 0) == 0 || line.rfind("| --", 0) == 0) continue;
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(trimmed(cell));
    rows[cells.at(0)] = cells;
  }
  return rows;
}

std::string order_text(double strong, double weak) {
  if (strong == 0 && weak == 0) return "";
  std::ostringstream text;
  text << strong << " / " << weak;
  return text.str();
}

std::string calculus_text(const MethodFacts& facts) {
  if (facts.solves_ito && facts.solves_stratonovich) return "both";
  return facts.solves_ito ? "Itô" : "Stratonovich";
}

TEST(MethodsPage, EveryCellIsWhatTheMethodStates) {
  const auto rows = table("method");
  std::size_t methods = 0;
  verify::for_each_type<verify::Methods>([&](auto method) {
    constexpr MethodFacts facts = decltype(method)::facts;
    ++methods;
    const auto row = rows.find(std::string(facts.name));
    ASSERT_NE(row, rows.end()) << facts.name << " has no row in docs/methods.md";
    std::vector<std::string> expected{std::string(facts.name), calculus_text(facts)};
    for (const Noise noise : all_noises) {
      expected.push_back(order_text(facts.strong[noise], facts.weak[noise]));
    }
    expected.push_back(std::to_string(facts.drift_evaluations) + " + " +
                       std::to_string(facts.diffusion_evaluations));
    expected.emplace_back(facts.reference);
    EXPECT_EQ(row->second, expected);
  });
  EXPECT_EQ(rows.size(), methods) << "docs/methods.md has rows for methods that do not exist";
}

TEST(MethodsPage, EveryMethodFileIsInTheCatalogue) {
  std::size_t files = 0;
  const fs::path folder = fs::path(STOCHFLOW_SOURCE) / "solvers/include/stochflow/methods";
  for (const auto& file : fs::directory_iterator(folder)) files += file.is_regular_file();
  EXPECT_EQ(files, std::tuple_size_v<verify::Methods>);
}

}  // namespace
}  // namespace stochflow
