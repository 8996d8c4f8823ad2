// The README and the pages of docs tell the truth: every C++ block is the marked region of a
// compiled example, and every output block is what that example prints. The marks are HTML comments
// before the blocks:
//   <!-- snippet NAME -->   the block is the region [snippet] of docs/examples/NAME.cpp
//   <!-- output NAME -->    the block is the output of that program

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path source = STOCHFLOW_SOURCE;
const fs::path programs = STOCHFLOW_EXAMPLES;

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  EXPECT_TRUE(stream) << file;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

struct Block {
  std::string kind;  // "snippet", "output" or empty
  std::string name;
  std::string language;
  std::string text;
};

/// The fenced blocks of a page, each with the mark on the line before it.
std::vector<Block> blocks_of(const fs::path& page) {
  static const std::regex mark("<!-- (snippet|output) (\\w+) -->");
  std::istringstream lines(read(page));
  std::vector<Block> blocks;
  std::string line, previous;
  while (std::getline(lines, line)) {
    if (line.rfind("```", 0) == 0) {
      Block block{{}, {}, line.substr(3), {}};
      std::smatch match;
      if (std::regex_match(previous, match, mark)) {
        block.kind = match[1];
        block.name = match[2];
      }
      while (std::getline(lines, line) && line != "```") block.text += line + "\n";
      blocks.push_back(block);
    }
    previous = line;
  }
  return blocks;
}

// What lies between the marks, moved to the left margin.
std::string region_of(const std::string& name) {
  const std::string text = read(source / "docs/examples" / (name + ".cpp"));
  const std::string begin = "// [snippet]\n", end = "// [/snippet]\n";
  const std::size_t first = text.find(begin), last = text.find(end);
  if (first == std::string::npos || last == std::string::npos) return "no region in " + name;
  std::istringstream lines(text.substr(first + begin.size(), last - first - begin.size()));
  std::string region, line;
  const std::size_t margin =
      text.find_first_not_of(' ', first + begin.size()) - first - begin.size();
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(' ') != std::string::npos) line.erase(0, margin);
    if (!lines.eof()) region += line + "\n";  // the last is what stands before the mark
  }
  return region;
}

std::string output_of(const std::string& name) {
  const fs::path program = programs / ("example_" + name);
  // At the top of the repository, where the README's reader stands.
  const std::string command = "cd '" + source.string() + "' && '" + program.string() + "' 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  while (std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << name << ": " << output;
  return output;
}

bool built(const std::string& name) { return fs::exists(programs / ("example_" + name)); }

std::vector<fs::path> pages() {
  std::vector<fs::path> all{source / "README.md"};
  for (const auto& file : fs::directory_iterator(source / "docs")) {
    if (file.path().extension() == ".md") all.push_back(file.path());
  }
  return all;
}

TEST(Readme, EverySnippetIsACompiledExample) {
  std::set<std::string> shown;
  for (const fs::path& page : pages()) {
    for (const Block& block : blocks_of(page)) {
      if (block.language != "cpp") continue;
      ASSERT_EQ(block.kind, "snippet") << page.filename() << ", a C++ block without a mark:\n"
                                       << block.text;
      EXPECT_EQ(block.text, region_of(block.name)) << page.filename() << ' ' << block.name;
      shown.insert(block.name);
    }
  }
  for (const auto& file : fs::directory_iterator(source / "docs/examples")) {
    if (file.path().extension() != ".cpp") continue;
    EXPECT_TRUE(shown.contains(file.path().stem())) << file.path().filename() << " is not shown";
  }
}

TEST(Readme, EveryOutputIsWhatTheProgramPrints) {
  int compared = 0;
  for (const fs::path& page : pages()) {
    for (const Block& block : blocks_of(page)) {
      if (block.kind != "output" || !built(block.name)) continue;
      EXPECT_EQ(block.text, output_of(block.name)) << page.filename() << ' ' << block.name;
      ++compared;
    }
  }
  EXPECT_GE(compared, 2);  // the two that need no LibTorch
}

TEST(Readme, NamesFilesThatExist) {
  static const std::regex link("\\]\\(([^)#: ]+)\\)");  // code has spaces or colons there
  const std::string text = read(source / "README.md");
  for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
    EXPECT_TRUE(fs::exists(source / (*it)[1].str())) << (*it)[1];
  }
}

}  // namespace
