#include "support/image.hpp"

#include <gif_lib.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

Image ramp(int width, int height, int start) {
  Image image(width, height);
  for (std::size_t k = 0; k < image.pixels.size(); ++k) {
    image.pixels[k] = static_cast<std::uint8_t>(start + 7 * static_cast<int>(k));
  }
  return image;
}

/// libpng reads back what was written, in colours if and only if there are three channels.
void expect_read_back(const Image& image) {
  const std::string bytes = encode_png(image);
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_memory(&header, bytes.data(), bytes.size()));
  EXPECT_EQ(header.width, static_cast<png_uint_32>(image.width));
  EXPECT_EQ(header.height, static_cast<png_uint_32>(image.height));
  EXPECT_EQ((header.format & PNG_FORMAT_FLAG_COLOR) != 0, image.channels == 3);
  header.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(header));
  ASSERT_TRUE(png_image_finish_read(&header, nullptr, pixels.data(), 0, nullptr));
  EXPECT_EQ(pixels, image.pixels);
}

TEST(Image, PngReadsBackPixelByPixel) { expect_read_back(ramp(9, 5, 3)); }

TEST(Image, GifReadsBackFrameByFrame) {
  const TemporaryFolder folder("image");
  const std::vector<Image> frames{ramp(6, 4, 0), ramp(6, 4, 50), ramp(6, 4, 90)};
  write_gif(folder / "a.gif", frames, 5);
  int error = 0;
  GifFileType* gif = DGifOpenFileName((folder / "a.gif").c_str(), &error);
  ASSERT_NE(gif, nullptr);
  ASSERT_EQ(DGifSlurp(gif), GIF_OK);
  ASSERT_EQ(gif->ImageCount, 3);
  for (int k = 0; k < 3; ++k) {
    const auto& expected = frames[static_cast<std::size_t>(k)].pixels;
    const GifByteType* raster = gif->SavedImages[k].RasterBits;
    EXPECT_EQ(std::vector<std::uint8_t>(raster, raster + expected.size()), expected) << k;
  }
  EXPECT_EQ(gif->SColorMap->Colors[200].Red, 200);
  DGifCloseFile(gif, &error);
  using std::filesystem::perms;
  const perms mode = std::filesystem::status(folder / "a.gif").permissions();
  EXPECT_NE(mode & perms::group_read, perms::none);  // giflib's own files are for their owner only
}

TEST(Image, ColoursReadBackFromPng) {
  Image image(2, 1, 0, 3);
  image.at(0, 0, 0) = 250;
  image.at(0, 1, 2) = 130;
  const Image large = enlarge(tile({image, image}, 1, 1), 2);
  ASSERT_EQ(large.channels, 3);
  EXPECT_EQ(large.at(2, 2, 0), 250);
  EXPECT_EQ(large.at(2, 2, 1), 0);
  EXPECT_EQ(large.at(7, 5, 2), 130);
  expect_read_back(large);
}

// No channel is further from its shade than half the distance between shades.
TEST(Image, GifShowsTheNearestColourOfItsPalette) {
  const TemporaryFolder folder("image");
  Image frame(16, 16, 0, 3);
  for (std::size_t k = 0; k < frame.pixels.size(); ++k) {
    frame.pixels[k] = static_cast<std::uint8_t>(k * 37);
  }
  write_gif(folder / "a.gif", {frame}, 5);
  int error = 0;
  GifFileType* gif = DGifOpenFileName((folder / "a.gif").c_str(), &error);
  ASSERT_NE(gif, nullptr);
  ASSERT_EQ(DGifSlurp(gif), GIF_OK);
  for (int k = 0; k < 256; ++k) {
    const GifColorType& shown = gif->SColorMap->Colors[gif->SavedImages[0].RasterBits[k]];
    EXPECT_LE(std::abs(shown.Red - frame.at(k / 16, k % 16, 0)), 26) << k;
    EXPECT_LE(std::abs(shown.Green - frame.at(k / 16, k % 16, 1)), 22) << k;
    EXPECT_LE(std::abs(shown.Blue - frame.at(k / 16, k % 16, 2)), 26) << k;
  }
  DGifCloseFile(gif, &error);
}

TEST(Image, TilesStandRowByRowWithGapsBetween) {
  const Image grid = tile({Image(2, 2, 10), Image(2, 2, 20), Image(2, 2, 30)}, 2, 1);
  ASSERT_EQ(grid.width, 7);
  ASSERT_EQ(grid.height, 7);
  EXPECT_EQ(grid.at(1, 1), 10);
  EXPECT_EQ(grid.at(1, 4), 20);
  EXPECT_EQ(grid.at(4, 1), 30);
  EXPECT_EQ(grid.at(4, 4), grid.at(0, 0));  // an empty place shows the background
}

TEST(Image, WrongSizesAreRefused) {
  EXPECT_THROW(Image(3, 3, std::vector<std::uint8_t>(8)), std::invalid_argument);
  EXPECT_THROW(Image(2, 2, std::vector<std::uint8_t>(8), 2), std::invalid_argument);
  EXPECT_THROW(tile({Image(2, 2), Image(3, 2)}, 2), std::invalid_argument);
  EXPECT_THROW(tile({Image(2, 2), Image(2, 2, 0, 3)}, 2), std::invalid_argument);
  EXPECT_THROW(write_gif("unused.gif", {}, 5), std::invalid_argument);
}

TEST(Image, EnlargedPixelsAreSquares) {
  const Image large = enlarge(ramp(3, 2, 0), 4);
  ASSERT_EQ(large.width, 12);
  EXPECT_EQ(large.at(7, 11), ramp(3, 2, 0).at(1, 2));
}

}  // namespace
}  // namespace stochflow::apps
