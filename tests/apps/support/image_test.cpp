#include "support/image.hpp"

#include <gif_lib.h>
#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <stdexcept>

#include "apps/support/temporary_folder.hpp"
#include "support/output.hpp"

namespace stochflow::apps {
namespace {

GreyImage ramp(int width, int height, int start) {
  GreyImage image(width, height);
  for (std::size_t k = 0; k < image.pixels.size(); ++k) {
    image.pixels[k] = static_cast<std::uint8_t>(start + 7 * static_cast<int>(k));
  }
  return image;
}

TEST(Image, PngReadsBackPixelByPixel) {
  const GreyImage image = ramp(9, 5, 3);
  const std::string bytes = encode_png(image);
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_memory(&header, bytes.data(), bytes.size()));
  EXPECT_EQ(header.width, 9U);
  EXPECT_EQ(header.height, 5U);
  header.format = PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(header));
  ASSERT_TRUE(png_image_finish_read(&header, nullptr, pixels.data(), 0, nullptr));
  EXPECT_EQ(pixels, image.pixels);
}

TEST(Image, GifReadsBackFrameByFrame) {
  const TemporaryFolder folder("image");
  const std::vector<GreyImage> frames{ramp(6, 4, 0), ramp(6, 4, 50), ramp(6, 4, 90)};
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

TEST(Image, TilesStandRowByRowWithGapsBetween) {
  const GreyImage grid =
      tile({GreyImage(2, 2, 10), GreyImage(2, 2, 20), GreyImage(2, 2, 30)}, 2, 1);
  ASSERT_EQ(grid.width, 7);
  ASSERT_EQ(grid.height, 7);
  EXPECT_EQ(grid.at(1, 1), 10);
  EXPECT_EQ(grid.at(1, 4), 20);
  EXPECT_EQ(grid.at(4, 1), 30);
  EXPECT_EQ(grid.at(4, 4), grid.at(0, 0));  // an empty place shows the background
}

TEST(Image, WrongSizesAreRefused) {
  EXPECT_THROW(GreyImage(3, 3, std::vector<std::uint8_t>(8)), std::invalid_argument);
  EXPECT_THROW(tile({GreyImage(2, 2), GreyImage(3, 2)}, 2), std::invalid_argument);
  EXPECT_THROW(write_gif("unused.gif", {}, 5), std::invalid_argument);
}

TEST(Image, EnlargedPixelsAreSquares) {
  const GreyImage large = enlarge(ramp(3, 2, 0), 4);
  ASSERT_EQ(large.width, 12);
  EXPECT_EQ(large.at(7, 11), ramp(3, 2, 0).at(1, 2));
}

}  // namespace
}  // namespace stochflow::apps
