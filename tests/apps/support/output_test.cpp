#include "support/output.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "apps/support/temporary_folder.hpp"

namespace stochflow::apps {
namespace {

namespace fs = std::filesystem;

TEST(Output, MissingFoldersAreCreatedAndNothingElse) {
  const TemporaryFolder folder("output");
  prepare_output(folder / "a/b/result.json");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  EXPECT_TRUE(fs::is_empty(folder / "a/b"));
}

TEST(Output, UnwritablePlacesAreRefusedBeforeComputing) {
  const TemporaryFolder folder("output");
  std::ofstream(folder / "file") << "x";
  EXPECT_THROW(prepare_output(folder / "file/result.json"), std::runtime_error);
  EXPECT_THROW(prepare_output(folder.path()), std::runtime_error);  // a folder, not a file
  EXPECT_THROW(prepare_output("/proc/stochflow/result.json"), std::runtime_error);
}

TEST(Output, AFailedWriteLeavesTheOldFileAndNoRemains) {
  const TemporaryFolder folder("output");
  write_atomically(folder / "result", "old");
  EXPECT_THROW(write_atomically_with(folder / "result",
                                     [](const fs::path& temporary) {
                                       std::ofstream(temporary) << "half";
                                       throw std::runtime_error("interrupted");
                                     }),
               std::runtime_error);
  EXPECT_EQ(read_file(folder / "result"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace stochflow::apps
