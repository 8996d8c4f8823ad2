// The table of Langevin methods in docs/methods.md says what the methods state.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "stochflow/langevin/catalogue.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow {
namespace {

std::string row_of(const MethodFacts& facts) {
  std::ostringstream row;
  row << "| " << facts.name << " | " << facts.strong.additive << " / " << facts.weak.additive
      << " | " << facts.drift_evaluations << " | "
      << (facts.needs == NoiseInput::W    ? "W"
          : facts.needs == NoiseInput::WH ? "W, H"
                                          : "W, H, K")
      << " | " << facts.reference << " |";
  return row.str();
}

TEST(LangevinTable, EveryRowIsWhatTheMethodStates) {
  std::ifstream page(std::filesystem::path(STOCHFLOW_SOURCE) / "docs/methods.md");
  std::set<std::string> lines;
  for (std::string line; std::getline(page, line);) lines.insert(line);
  verify::for_each_type<verify::LangevinMethods>([&](auto method) {
    const std::string row = row_of(decltype(method)::facts);
    EXPECT_TRUE(lines.contains(row)) << "docs/methods.md needs the row\n" << row;
  });
}

}  // namespace
}  // namespace stochflow
