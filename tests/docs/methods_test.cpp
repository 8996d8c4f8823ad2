// docs/methods.md and the code agree: one row for each method, every cell what the method states.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

namespace fs = std::filesystem;

/// The rows of the page's first table, the methods, by the name in their first cell.
std::map<std::string, std::string> rows_of_the_page() {
  std::ifstream page(fs::path(STOCHFLOW_SOURCE) / "docs/methods.md");
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(page, line) && line.rfind("## ", 0) != 0;) {
    const std::size_t end = line.find("` |");
    if (line.rfind("| `", 0) == 0 && end != std::string::npos) rows[line.substr(3, end - 3)] = line;
  }
  return rows;
}

std::string orders(double strong, double weak) {
  if (strong == 0 && weak == 0) return "|";
  std::ostringstream text;
  text << "| " << strong << " / " << weak << ' ';
  return text.str();
}

/// The row as it must stand in docs/methods.md.
std::string row_of(const MethodFacts& facts) {
  std::ostringstream row;
  row << "| `" << facts.name << "` | "
      << (facts.solves_ito && facts.solves_stratonovich ? "both"
          : facts.solves_ito                            ? "Itô"
                                                        : "Stratonovich")
      << ' ';
  for (const Noise noise : all_noises) {
    row << orders(facts.strong[noise], facts.weak[noise]);
    if (!facts.claims(noise)) row << ' ';
  }
  row << "| " << facts.drift_evaluations << " + " << facts.diffusion_evaluations << " | "
      << facts.reference << " |";
  return row.str();
}

TEST(MethodsPage, EveryRowIsWhatTheMethodStates) {
  const auto rows = rows_of_the_page();
  std::size_t methods = 0;
  verify::for_each_type<verify::Methods>([&](auto method) {
    constexpr MethodFacts facts = decltype(method)::facts;
    ++methods;
    const auto row = rows.find(std::string(facts.name));
    EXPECT_EQ(row == rows.end() ? "" : row->second, row_of(facts))
        << "docs/methods.md needs the row\n"
        << row_of(facts);
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
