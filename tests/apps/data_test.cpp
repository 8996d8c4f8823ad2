#include "data.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

// md5sum of the four words below.
const std::array<DataFile, 4> files = {{{"one", "f97c5d29941bfb1b2fdab0874906ab82"},
                                        {"two", "b8a9f715dbb64fd5c56e7783c6820a61"},
                                        {"three", "35d6d33467aae9a2e3dccb4b6b027878"},
                                        {"four", "8cbad96aced40b3838dd9f07f6ef5772"}}};

DataSource giving(const std::string& name, const std::function<std::string(std::string)>& content) {
  return {name, [content](const std::string& file, const std::filesystem::path& scratch) {
            std::ofstream(scratch / file, std::ios::binary) << content(file);
          }};
}

DataSource broken(const std::string& reason) {
  return {"broken", [reason](const std::string&, const std::filesystem::path&) {
            throw std::runtime_error(reason);
          }};
}

const DataSource good = giving("good", [](const std::string& name) { return name; });

TEST(Data, MissingFilesComeFromTheFirstSourceThatHasThemRight) {
  const TemporaryFolder folder("data");
  std::ostringstream log;
  const DataSource damaged = giving("damaged", [](const std::string&) { return "wrong"; });
  complete_data(folder.path() / "deep" / "down", files, {broken("no"), damaged, good}, log);
  for (const DataFile& file : files) {
    EXPECT_EQ(read_file(folder.path() / "deep" / "down" / file.name), file.name);
  }
  EXPECT_NE(log.str().find("one: from good"), std::string::npos) << log.str();
  // Nothing but the four files is left.
  const auto entries = std::filesystem::directory_iterator(folder.path() / "deep" / "down");
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 4);
}

TEST(Data, WhatIsThereIsKeptAndWhatIsDamagedReplaced) {
  const TemporaryFolder folder("data");
  std::ofstream(folder.path() / "one") << "one";
  std::ofstream(folder.path() / "two") << "tw";  // a download that was cut short
  std::ostringstream log;
  int fetched = 0;
  const DataSource counting = giving("counting", [&](const std::string& name) {
    ++fetched;
    return name;
  });
  complete_data(folder.path(), files, {counting}, log);
  EXPECT_EQ(fetched, 3);
  EXPECT_EQ(read_file(folder.path() / "two"), "two");
  complete_data(folder.path(), files, {broken("must not be asked")}, log);
}

TEST(Data, AllReasonsAreTold) {
  const TemporaryFolder folder("data");
  std::ostringstream log;
  const DataSource damaged = giving("half", [](const std::string&) { return "hal"; });
  try {
    complete_data(folder.path(), files, {broken("the cable is cut"), damaged}, log);
    FAIL() << "was not refused";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("the cable is cut"), std::string::npos) << text;
    EXPECT_NE(text.find("half: the file has MD5"), std::string::npos) << text;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "one"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace stochflow::apps
