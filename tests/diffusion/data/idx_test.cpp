#include "stochflow/diffusion/data/idx.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <stdexcept>

namespace stochflow::diffusion {
namespace {

std::string header(std::uint32_t magic, const std::vector<std::uint32_t>& shape) {
  std::string bytes;
  const auto add = [&](std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(v >> shift & 0xFF);
  };
  add(magic);
  for (const std::uint32_t n : shape) add(n);
  return bytes;
}

const std::string two_images = header(0x0803, {2, 2, 3}) + "abcdefghijk\xff";

// The sentence with which the bytes are refused.
std::string refusal(const std::string& bytes, std::size_t dimensions = 3) {
  try {
    parse_idx(bytes, dimensions, "file");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

class IdxFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("stochflow-idx-" + std::to_string(getpid()));
};

TEST(Idx, ShapeAndBytesComeOutAsWritten) {
  const IdxArray array = parse_idx(two_images, 3, "file");
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 2, 3}));
  EXPECT_EQ(array.values.size(), 12u);
  EXPECT_EQ(array.values[0], 'a');
  EXPECT_EQ(array.values[11], 255);
}

TEST(Idx, EverythingElseIsRefusedWithItsReason) {
  EXPECT_TRUE(says(refusal(header(0x0801, {2, 2, 3}) + "abcdefghijkl"), "magic number 2049"));
  EXPECT_TRUE(says(refusal(header(0x0D03, {2, 2, 3}) + "abcdefghijkl"), "2051 expected"));
  EXPECT_TRUE(says(refusal(two_images.substr(0, 3)), "too short"));
  EXPECT_TRUE(says(refusal(two_images.substr(0, 10)), "header is cut off"));
  EXPECT_TRUE(says(refusal(two_images.substr(0, two_images.size() - 1)), "truncated"));
  EXPECT_TRUE(says(refusal(two_images + "x"), "bytes left over"));
  EXPECT_TRUE(says(refusal(header(0x0803, {2, 0, 3})), "impossible dimension 0"));
  EXPECT_TRUE(says(refusal(header(0x0803, {0xFFFFFFFF, 0xFFFFFFFF, 3})), "impossible dimension"));
  EXPECT_TRUE(says(refusal(two_images, 1), "magic number"));
}

TEST_F(IdxFile, PlainAndGzipAreReadAlike) {
  std::ofstream(path_, std::ios::binary) << two_images;
  EXPECT_EQ(read_idx(path_, 3).values, parse_idx(two_images, 3, "").values);
  const gzFile out = gzopen(path_.c_str(), "wb");
  gzwrite(out, two_images.data(), static_cast<unsigned>(two_images.size()));
  gzclose(out);
  EXPECT_NE(std::filesystem::file_size(path_), two_images.size());
  EXPECT_EQ(read_idx(path_, 3).values, parse_idx(two_images, 3, "").values);
}

TEST_F(IdxFile, AGzipFileCutShortIsRefused) {
  const gzFile out = gzopen(path_.c_str(), "wb");
  gzwrite(out, two_images.data(), static_cast<unsigned>(two_images.size()));
  gzclose(out);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 6);
  EXPECT_THROW(read_idx(path_, 3), std::runtime_error);
  std::filesystem::remove(path_);
  EXPECT_THROW(read_idx(path_, 3), std::runtime_error);
}

}  // namespace
}  // namespace stochflow::diffusion
